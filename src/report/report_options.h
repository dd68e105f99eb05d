/// Options of posse report, declared once for the command line and Python.
#pragma once

#include <concepts>
#include <filesystem>
#include <type_traits>
#include <vector>

namespace posse {

struct ReportOptions {
  std::filesystem::path evaluation;
  std::filesystem::path study;
  std::filesystem::path suggestions;
  std::vector<std::filesystem::path> videos;
  bool pictures = true;
  bool mixed = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, ReportOptions>
void describe(Options& options, const Visitor& visit) {
  visit("evaluation", options.evaluation, "FILE",
        "show this evaluation: a file with what posse evaluate --json printed");
  visit("study", options.study, "FILE", "show this study: study.json of posse study");
  visit("suggestions", options.suggestions, "FILE",
        "show these suggestions: posse-suggestions.json of posse suggest");
  visit("videos", options.videos, "DIR", "folder to look for videos in that were moved");
  visit("pictures", options.pictures, "on|off",
        "show frames of the videos as pictures (default on)");
  visit("mixed", options.mixed, "",
        "accept results of different members or consensus in one report");
}

}  // namespace posse
