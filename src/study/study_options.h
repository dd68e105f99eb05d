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
        "truth: projects or tables (.h5, .csv, .slp, .mat) of labels, of training frames too");
  visit("video", options.video, "FILE", "videos of labels without pictures");
  visit("only", options.only, "WORD",
        "these studies: members, consensus, inclusion, influence, pca, seeds, power (default: all "
        "that the inputs allow)");
  visit("membership", options.membership, "FILE",
        "who was trained on what, as posse evaluate --membership takes it, by the members' names "
        "in the manifest (default: its column trained_on, else the projects' own records)");
  visit("labels-unseen", options.labels_unseen, "", "no member was trained on any of the labels");
  visit("outliers", options.outliers, "FILE",
        "labelled frames in the order of the draws with flags, as img005.png,0,1 (csv or the "
        "original's pickle): for seeds and power");
  visit("pilot", options.pilot, "FILE",
        "two files of errors, one number a line, for power (default: the members' of the smallest "
        "and the largest training size)");
  visit("alpha", options.alpha, "FLOAT", "level of the test that power is of (default 0.05)");
  visit("power", options.power, "FLOAT", "power to be reached (default 0.8)");
  visit("hours", options.hours, "FLOAT", "that a network trains, for the cost (default 6)");
  visit("price", options.price, "FLOAT", "of an hour (default 3.5)");
  visit("clips", options.clips, "FILE",
        "csv with the columns picture,clip: which pictures vary together");
  visit("partperm", options.partperm, "I,J,...",
        ".mat labels: which of the file's columns each bodypart is");
  visit("cache", options.cache, "DIR",
        "where members' maps of labelled pictures are kept (default as posse evaluate)");
  visit("legacy", options.legacy, "",
        "numbers as the original scripts have them, faults included (docs/study.md lists them)");
}

}  // namespace posse
