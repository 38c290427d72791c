#pragma once

#include <dist/runtime/detail/call_record.hpp>

#include "ledger/call_ledger.hpp"

namespace dist {

/// What the ledger has to know of a call. A view: its labels are the call's.
submitted submission(call_record const& call, method_ref method);

}  // namespace dist
