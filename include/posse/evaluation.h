/// Evaluates networks against hand labels: their errors and their uncertainty.
///
///     std::cout << posse::evaluation({"project-1", "project-2"}, "project-1") << "\n";
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "posse/error.h"
#include "posse/options.h"

namespace posse {
inline namespace v1 {

/// @param options  of `posse evaluate`
/// @return the numbers as JSON, as `posse evaluate --json` prints them
/// @throws Error
inline std::string evaluation(const std::vector<std::string>& members, const std::string& labels,
                              const Options& options = {}) {
  char* json = nullptr;
  detail::check(posse_evaluate(detail::text_of(members).c_str(), labels.c_str(),
                               detail::text_of(options).c_str(), &json));
  struct Free {
    void operator()(char* text) const { posse_free(text); }
  };
  return std::unique_ptr<char, Free>(json).get();
}

}  // namespace v1
}  // namespace posse
