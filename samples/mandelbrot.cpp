// Paints the Mandelbrot set, tile by tile, on every node of a cluster: results that are taken as they come, in whatever
// order, and a progress bar.
//   mandelbrot --out set.png                        1280x960 pixels
//   mandelbrot --out set.png --size 8000x6000       something to wait for
#include <dist/dist.hpp>

#include <png.h>
#include <boost/program_options.hpp>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <ranges>

namespace {

constexpr int tile_side = 64;
constexpr int most_steps = 1000;
constexpr int largest_side = 20'000;

struct picture_size {
  int width = 0;
  int height = 0;
};
BOOST_DESCRIBE_STRUCT(picture_size, (), (width, height))

/// A tile is painted where it is named: left and top are in pixels of the whole picture.
struct tile {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;  ///< red, green, blue; row by row
};
BOOST_DESCRIBE_STRUCT(tile, (), (left, top, width, height, pixels))

struct Mandelbrot {
  tile paint(dist::context ctx, picture_size whole, int left, int top) const {
    tile made{left, top, std::min(tile_side, whole.width - left), std::min(tile_side, whole.height - top), {}};
    // The set lies in a 3 by 2.25 rectangle around -0.75; the picture shows all of it, whatever its shape.
    auto const scale = std::max(3.0 / whole.width, 2.25 / whole.height);
    for (int y = top; y < top + made.height; ++y) {
      ctx.throw_if_cancelled();
      for (int x = left; x < left + made.width; ++x) {
        auto const steps = escape(-0.75 + (x - whole.width / 2.0) * scale, (whole.height / 2.0 - y) * scale);
        for (int const speed : {3, 5, 9}) made.pixels.push_back(shade(steps, speed));
      }
    }
    return made;
  }

 private:
  /// After how many steps z = z * z + c leaves the circle of radius 2.
  static int escape(double re, double im) {
    double x = 0, y = 0;
    for (int steps = 0; steps < most_steps; ++steps) {
      auto const xx = x * x, yy = y * y;
      if (xx + yy > 4) return steps;
      y = 2 * x * y + im;
      x = xx - yy + re;
    }
    return most_steps;
  }
  /// Up and down between dark and bright; the set itself is black.
  static std::uint8_t shade(int steps, int speed) {
    if (steps == most_steps) return 0;
    auto const phase = steps * speed % 512;
    return static_cast<std::uint8_t>(phase < 256 ? phase : 511 - phase);
  }
};
BOOST_DESCRIBE_STRUCT(Mandelbrot, (), (paint))

struct picture {
  picture_size size;
  std::vector<std::uint8_t> pixels;
};

/// Every tile's arguments, made as they are needed.
auto tiles_of(picture_size size) {
  auto const columns = (size.width + tile_side - 1) / tile_side;
  auto const rows = (size.height + tile_side - 1) / tile_side;
  return std::views::iota(0, columns * rows) | std::views::transform([=](int number) {
           return std::tuple(size, number % columns * tile_side, number / columns * tile_side);
         });
}

void put(picture& whole, tile const& part) {
  auto from = part.pixels.begin();
  for (int y = part.top; y < part.top + part.height; ++y) {
    auto const to = (std::ptrdiff_t{y} * whole.size.width + part.left) * 3;
    std::copy_n(from, part.width * 3, whole.pixels.begin() + to);
    from += part.width * 3;
  }
}

void write_png(std::string const& file, picture const& made) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(made.size.width);
  image.height = static_cast<png_uint_32>(made.size.height);
  image.format = PNG_FORMAT_RGB;
  if (!png_image_write_to_file(&image, file.c_str(), 0, made.pixels.data(), 0, nullptr))
    throw std::runtime_error("cannot write " + file + ": " + image.message);
}

picture_size parse_size(std::string const& text) {
  picture_size size;
  auto const* const end = text.data() + text.size();
  auto const [x, wrong_width] = std::from_chars(text.data(), end, size.width);
  if (wrong_width == std::errc() && x != end && *x == 'x') {
    auto const [rest, wrong_height] = std::from_chars(x + 1, end, size.height);
    auto const fits = [](int side) { return side >= 1 && side <= largest_side; };
    if (wrong_height == std::errc() && rest == end && fits(size.width) && fits(size.height)) return size;
  }
  throw dist::usage_error("--size: expected WIDTHxHEIGHT, each from 1 to " + std::to_string(largest_side) + ", got '" +
                          text + "'; for example --size 1280x960");
}

dist::task<void> job(dist::cluster& cluster, std::vector<std::string> arguments) {
  namespace po = boost::program_options;
  std::string out, size_text;
  po::options_description known;
  known.add_options()("out", po::value(&out)->required())("size", po::value(&size_text)->default_value("1280x960"));
  try {
    po::variables_map values;
    po::store(po::command_line_parser(arguments).options(known).positional({}).run(), values);
    po::notify(values);
  } catch (po::error const& error) {
    throw dist::usage_error(std::string(error.what()) + "; this program's own flags: --out FILE.png, --size WxH");
  }
  auto const size = parse_size(size_text);
  auto const bytes = std::size_t{3} * static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  picture whole{size, std::vector<std::uint8_t>(bytes)};
  auto const how = dist::fan_out().progress("painting");
  auto tiles = dist::as_completed<&Mandelbrot::paint>(cluster, tiles_of(size), how);
  while (auto const painted = co_await tiles.next()) put(whole, painted->value.value());
  write_png(out, whole);
  std::cout << out << ": " << size.width << " x " << size.height << " pixels\n";
}

}  // namespace

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Mandelbrot>(), job); }
