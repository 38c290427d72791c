#include "process/build_id.hpp"

#include <elf.h>
#include <link.h>

#include <cstring>

#include "base/hex.hpp"

namespace dist {
namespace {

std::size_t padded(std::size_t bytes) { return (bytes + 3) / 4 * 4; }

/// Called for every loaded object; the program itself is first.
int look_at(dl_phdr_info* object, std::size_t, void* found) {
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    auto const& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    auto const* at = reinterpret_cast<char const*>(object->dlpi_addr + segment.p_vaddr);
    auto const* const end = at + segment.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      auto const* const name = at + sizeof note;
      auto const* const content = name + padded(note.n_namesz);
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
        *static_cast<std::string*>(found) = to_hex({reinterpret_cast<std::byte const*>(content), note.n_descsz});
        return 1;
      }
      at = content + padded(note.n_descsz);
    }
  }
  return 1;
}

}  // namespace

std::string build_id() {
  std::string found;
  ::dl_iterate_phdr(look_at, &found);
  return found;
}

}  // namespace dist
