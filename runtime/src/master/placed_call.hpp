#pragma once

#include <dist/rpc/detail/freelist.hpp>
#include <dist/runtime/detail/call_record.hpp>

#include "ledger/ledger_call.hpp"

namespace dist {

/// A call as its master keeps it beside the ledger: the data to explain it after it has ended.
class placed_call final : public call_record, public from_freelist<placed_call> {
 public:
  method_ref method_number{~0U};  ///< until it has one, that of no method
  call_story story;               ///< once it has ended
};

}  // namespace dist
