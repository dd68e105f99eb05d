#include "cluster/scheduler_task.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

struct Variable {
  const char* name;
  int64_t first;  ///< what the first task is called
};
constexpr Variable kVariables[] = {
    {"SLURM_ARRAY_TASK_ID", 0},  {"AWS_BATCH_JOB_ARRAY_INDEX", 0},
    {"JOB_COMPLETION_INDEX", 0}, {"PBS_ARRAY_INDEX", 0},
    {"LSB_JOBINDEX", 1},         {"SGE_TASK_ID", 1},
};

int64_t number_of(const char* name, std::string_view text, int64_t least = 0) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least) {
    throw Error(ErrorKind::usage,
                fmt::format("the variable {} is '{}', which is no task", name, printable(text)),
                {.hint = "--task N names a task; posse work RUN does all of them"});
  }
  return number;
}

}  // namespace

int64_t task_of_scheduler() {
  const char* offset = std::getenv("POSSE_TASK_OFFSET");
  for (const auto& [name, first] : kVariables) {
    const char* text = std::getenv(name);
    if (text == nullptr || *text == '\0') continue;
    const std::string_view value(text);
    const bool is_none = (std::string_view(name) == "LSB_JOBINDEX" && value == "0") ||
                         (std::string_view(name) == "SGE_TASK_ID" && value == "undefined");
    if (is_none) continue;
    return number_of(name, value, first) - first +
           (offset == nullptr || *offset == '\0' ? 0 : number_of("POSSE_TASK_OFFSET", offset));
  }
  throw Error(ErrorKind::usage, "--task auto: no scheduler says which task this is",
              {.have = "none of SLURM_ARRAY_TASK_ID, AWS_BATCH_JOB_ARRAY_INDEX, "
                       "JOB_COMPLETION_INDEX, PBS_ARRAY_INDEX, LSB_JOBINDEX, SGE_TASK_ID",
               .hint = "--task N names a task; without --task all units are done"});
}

}  // namespace posse
