/// Options of studies: declared once; the command line, Python and docs/cli.md are made from
/// describe().
#pragma once

#include <concepts>
#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

namespace posse {

/// What is studied, on which truth.
struct StudyOptions {
  std::vector<std::filesystem::path> labels;
  std::vector<std::filesystem::path> video;
  std::vector<std::string> only;
  std::filesystem::path membership;
  bool labels_unseen = false;
  std::filesystem::path outliers;
  std::vector<std::filesystem::path> pilot;
  double alpha = 0.05;
  double power = 0.8;
  double hours = 6;
  double price = 3.5;
  std::filesystem::path clips;
  std::string partperm;
  std::filesystem::path cache;
  bool legacy = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, StudyOptions>
void describe(Options& options, const Visitor& visit) {
  visit("labels", options.labels, "PATH",
        "hand labels, those of training frames too: projects or tables (.h5, .csv, .slp, .mat)");
  visit("video", options.video, "FILE", "videos that labels without pictures belong to");
  visit("only", options.only, "WORD",
        "studies to do: members, consensus, inclusion, influence, pca, seeds, power (default: all "
        "that the inputs allow)");
  visit(
      "membership", options.membership, "FILE",
      "file that says which member was trained on what, as for posse evaluate, with the members "
      "named as in the manifest (default: its column trained_on, else the projects' own records)");
  visit("labels-unseen", options.labels_unseen, "",
        "state that no member was trained on any of the labels");
  visit("outliers", options.outliers, "FILE",
        "csv with a row for each labelled frame in the order of the draws, as img005.png,0,1, "
        "where a "
        "number above 0 marks an outlier (or the original's pickle); for seeds and power");
  visit("pilot", options.pilot, "FILE",
        "two files of errors, one number a line, for power (default: errors of the members with "
        "the fewest and the most training frames)");
  visit("alpha", options.alpha, "FLOAT",
        "significance level of the test whose power is computed (default 0.05)");
  visit("power", options.power, "FLOAT", "power to be reached (default 0.8)");
  visit("hours", options.hours, "FLOAT", "hours of training per network, for the cost (default 6)");
  visit("price", options.price, "FLOAT",
        "price of an hour of training in any currency, which the cost is then in (default 3.5)");
  visit("clips", options.clips, "FILE",
        "csv with the columns picture,clip, which says which pictures are of one clip and so vary "
        "together");
  visit("partperm", options.partperm, "I,J,...",
        "number of the column in a .mat of labels, counted from 0, for each bodypart");
  visit("cache", options.cache, "DIR",
        "folder in which members' maps of labelled pictures are kept (default: as posse evaluate)");
  visit("legacy", options.legacy, "",
        "compute numbers as estimate_influence.py and pre_analysis.py of dgp_ensembletools do, "
        "faults included (docs/study.md lists them)");
}

}  // namespace posse
