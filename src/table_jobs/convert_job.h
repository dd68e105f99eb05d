/// From one table format to another, as a job.
#pragma once

#include <concepts>
#include <filesystem>
#include <type_traits>

#include "results/table/table_reader.h"
#include "table_jobs/job.h"

namespace posse {

struct ConvertOptions {
  TableReadOptions read;
  bool force = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, ConvertOptions>
void describe(Options& options, const Visitor& visit) {
  visit("individual", options.read.individual, "NAME", "keep one animal of a multi-animal table");
  visit("scorer", options.read.scorer, "NAME", "keep one scorer of several");
  visit("force", options.force, "", "replace TARGET if it exists");
}

/// Rewrites a table as .csv or .h5 (convert_table), with a record beside it.
/// @throws as convert_table
JobReport run_convert(const std::filesystem::path& source, const std::filesystem::path& target,
                      const ConvertOptions& options, const JobHooks& hooks = {});

}  // namespace posse
