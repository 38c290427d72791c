#include "placement/lease.hpp"

#include <cassert>

#include "placement/selector.hpp"

namespace dist {

void lease::give_back() noexcept {
  if (!load_ || !use_.counted) return;
  use_.counted = false;
  assert(load_->in_use > 0);
  --load_->in_use;
  if (!load_->home) return;
  --load_->home->in_use_;
  load_->home->counted_down(*load_);
}

void lease::lend() noexcept {
  if (!load_ || use_.lent || !use_.counted) return;
  use_.lent = true;
  ++load_->lent;
  if (load_->home) load_->home->counted_down(*load_);
}

void lease::retake() noexcept {
  if (!load_) return;
  if (std::exchange(use_.lent, false)) --load_->lent;
  if (use_.counted) return;
  use_.counted = true;
  ++load_->in_use;
  if (!load_->home) return;
  ++load_->home->in_use_;
  load_->home->counted_up(*load_);
}

void lease::abandon() noexcept {
  if (!load_ || use_.abandoned) return;
  use_.abandoned = true;
  ++load_->abandoned;
  if (load_->home) ++load_->home->abandoned_;
}

void lease::end() noexcept {
  auto* load = std::exchange(load_, nullptr);
  if (use_.abandoned) --load->abandoned;
  if (use_.lent) --load->lent;
  if (use_.is_try) load->tried = false;
  --load->holders;
  if (use_.counted) {
    assert(load->in_use > 0);
    --load->in_use;
  }
  if (load->home) {
    load->home->in_use_ -= use_.counted;
    load->home->abandoned_ -= use_.abandoned;
    load->home->counted_down(*load);
  } else if (load->holders == 0) {
    assert(load->in_use == 0);
    delete load;
  }
}

}  // namespace dist
