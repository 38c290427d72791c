#include "placement/lease.hpp"

#include <cassert>

#include "placement/selector.hpp"

namespace dist {

void lease::give_back() noexcept {
  if (!load_ || !counted_) return;
  counted_ = false;
  assert(load_->in_use > 0);
  --load_->in_use;
  if (!load_->home) return;
  --load_->home->in_use_;
  load_->home->counted_down(*load_);
}

void lease::lend() noexcept {
  if (!load_ || lent_ || !counted_) return;
  lent_ = true;
  ++load_->lent;
  if (load_->home) load_->home->counted_down(*load_);
}

void lease::retake() noexcept {
  if (!load_) return;
  if (std::exchange(lent_, false)) --load_->lent;
  if (counted_) return;
  counted_ = true;
  ++load_->in_use;
  if (!load_->home) return;
  ++load_->home->in_use_;
  load_->home->counted_up(*load_);
}

void lease::abandon() noexcept {
  if (!load_ || abandoned_) return;
  abandoned_ = true;
  ++load_->abandoned;
  if (load_->home) ++load_->home->abandoned_;
}

void lease::end() noexcept {
  auto* load = std::exchange(load_, nullptr);
  if (abandoned_) --load->abandoned;
  if (lent_) --load->lent;
  if (is_try_) load->tried = false;
  --load->holders;
  if (counted_) {
    assert(load->in_use > 0);
    --load->in_use;
  }
  if (load->home) {
    load->home->in_use_ -= counted_;
    load->home->abandoned_ -= abandoned_;
    load->home->counted_down(*load);
  } else if (load->holders == 0) {
    assert(load->in_use == 0);
    delete load;
  }
}

}  // namespace dist
