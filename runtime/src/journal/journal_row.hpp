#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/detail/codec.hpp>
#include <string>

#include "journal/input_digest.hpp"

namespace dist {

/// One fan-out in the file of a journal. Inputs and results refer to it by its number.
struct journal_work {
  std::int64_t number = 0;
  std::string name;    ///< see work_names
  std::string method;  ///< `Class.method`
  std::int64_t inputs = -1;  ///< how many there are; -1: not known
};

/// How the call of one input ended.
enum class row_state : std::uint8_t { finished, failed };

/// The last outcome of one input of a fan-out.
struct journal_row {
  std::int64_t work = 0;
  std::uint64_t input = 0;
  row_state state = row_state::finished;
  input_digest::value digest{};
  std::uint64_t version = 0;     ///< dist::version of the method
  bool is_of_other_build = false;  ///< when read: another build of the program computed it
  dist::codec codec = dist::codec::cbor;
  buffer result;      ///< as it arrived; of a finished one
  std::string fault;  ///< JSON, as a line of --failures; of a failed one
  std::string node;
  std::uint32_t running_us = 0;  ///< how long the method ran; 0: not measured

  std::size_t bytes() const noexcept { return sizeof *this + result.size() + fault.size() + node.size(); }
};

}  // namespace dist
