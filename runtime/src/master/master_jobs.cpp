#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <dist/rpc/detail/text.hpp>

#include "base/duration_text.hpp"
#include "master/master_impl.hpp"

// The connected jobs and this program's own calls, with their progress.

namespace dist {
namespace {

/// With the rate and the time left, for readers without a calculator.
boost::json::array list_fan_outs(std::vector<fan_out_report> const& reports) {
  boost::json::array fan_outs;
  for (auto const& one : reports) {
    auto const at = progress_of(one);
    boost::json::object made{{"name", one.name},
                             {"done", one.done},
                             {"failed", one.failed},
                             {"total", nullptr},
                             {"per_second", at.per_second},
                             {"left_ms", nullptr},
                             {"elapsed_ms", to_ms(at.elapsed)}};
    if (one.total) made["total"] = *one.total;
    if (at.left) made["left_ms"] = to_ms(*at.left);
    fan_outs.push_back(std::move(made));
  }
  return fan_outs;
}

}  // namespace

/// The members of `/status` and of the page's news that are about jobs.
boost::json::object master::impl::list_jobs() const {
  boost::json::array jobs;
  for (auto const& [number, job] : jobs_)
    jobs.push_back({{"job", number},
                    {"name", printable(job->name, most_name_bytes)},
                    {"address", job->address},
                    {"calls", job->calls.under_way()},
                    {"ended", job->calls.answered()},
                    {"cancelled", job->calls.cancelled()},
                    {"age_ms", to_ms(world_.clock.now() - job->since)},
                    {"fan_outs", list_fan_outs(job->calls.fan_outs())}});
  return {{"jobs", std::move(jobs)}, {"fan_outs", list_fan_outs(core_->fan_outs())}};
}

}  // namespace dist
