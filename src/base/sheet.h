/// Formats headed lines of text, as `posse info` prints them.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

namespace posse {

/// A title, and below it lines with a heading each; a heading that repeats is shown once.
class Sheet {
 public:
  explicit Sheet(std::string title) : text_(std::move(title)) {}
  void add(const std::string& heading, const std::string& value) {
    text_ += fmt::format("\n  {:<11}{}", heading == last_ ? "" : heading, value);
    last_ = heading;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string last_;
};

}  // namespace posse
