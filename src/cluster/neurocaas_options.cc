#include "cluster/neurocaas_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <optional>
#include <type_traits>

#include "base/enum_names.h"
#include "base/error.h"
#include "base/text.h"
#include "ensemble/options.h"
#include "run/options.h"

namespace posse {
namespace {

/// The job itself says what these are: its results have names and kinds of their own.
constexpr std::array<std::string_view, 6> kDecidedByTheJob = {
    "extras", "force", "format", "keep-journal", "save-members", "video-preds"};

bool has_control_character(std::string_view text) { return printable(text) != text; }

/// Visitor for describe(): collects the options' names, and gives `text` to the one of `name`.
class OneOption {
 public:
  OneOption(std::string_view name, const std::string& text) : name_(name), text_(text) {}

  bool found() const { return found_; }
  /// Empty for a flag that is off.
  const std::string& word() const { return word_; }
  const std::vector<std::string>& known() const { return known_; }

  template <class Field>
  void operator()(const char* name, Field& field, const char* placeholder, const char*) {
    known_.emplace_back(name);
    if (name_ != name) return;
    found_ = true;
    word_ = fmt::format("--{}={}", name, text_);
    if constexpr (std::is_same_v<Field, bool>) {
      take_truth(*placeholder == '\0');
    } else {
      take(field);
    }
  }

 private:
  void take_truth(bool is_flag) {
    const std::string word = ascii_lower(text_);
    const bool on = word == "true" || word == "yes" || word == "on" || word == "1";
    if (!on && word != "false" && word != "no" && word != "off" && word != "0")
      wrong("true or false");
    word_ = is_flag ? (on ? fmt::format("--{}", name_) : "")
                    : fmt::format("--{}={}", name_, on ? "on" : "off");
  }
  void take(int& field) {
    const std::optional<long long> number = integer_of(text_);
    if (!number || *number < 0 || *number > std::numeric_limits<int>::max())
      wrong("a whole number of 0 or more");
    field = static_cast<int>(*number);
  }
  void take(double& field) {
    const std::optional<double> number = number_of(text_);
    if (!number) wrong("a number");
    field = *number;
  }
  template <class Field>
  void take(std::optional<Field>& field) {
    take(field.emplace());
  }
  template <class Text>
  requires std::is_assignable_v<Text&, const std::string&>
  void take(Text& field) {
    if (text_.empty()) wrong("a text that is not empty");
    field = text_;
  }
  template <class Word>
  requires requires { Word::parse(std::string_view()); }
  void take(Word& field) { field = Word::parse(text_); }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void take(Enum& field) {
    std::string names;
    for (const auto& [each, value] : EnumNames<Enum>::kNames)
      names += (names.empty() ? "" : ", ") + std::string(each);
    const std::optional<Enum> value = enum_if_known<Enum>(text_);
    if (!value) wrong("one of " + names);
    field = *value;
  }

  [[noreturn]] void wrong(std::string_view expected) const {
    throw Error(ErrorKind::usage,
                fmt::format("'{}', expected {}", printable(text_.substr(0, 60)), expected));
  }

  std::string_view name_;
  const std::string& text_;
  bool found_ = false;
  std::string word_;
  std::vector<std::string> known_;
};

/// What all options are set to so far, to hold their values against what they may be.
struct AllOptions {
  RunOptions run;
  EnsembleOptions ensemble;
};

[[noreturn]] void unknown_option(const std::string& name, const YamlValue& value,
                                 std::vector<std::string> known, const ConfigMap& config) {
  std::erase_if(known, [](const std::string& each) {
    return std::ranges::find(kDecidedByTheJob, each) != kDecidedByTheJob.end();
  });
  std::ranges::sort(known);
  const std::vector<std::string> nearest = nearest_names(name, known);
  config.fail(value, fmt::format("'posse' has no option '{}'{}; known are {}", printable(name),
                                 nearest.empty() ? "" : ", did you mean " + list_names(nearest),
                                 list_names(known, known.size())));
}

std::string word_of(const std::string& name, const YamlValue& value, AllOptions& options,
                    const ConfigMap& config) {
  OneOption one(name, value.text);
  try {
    describe(options.run, [&](auto&&... words) { one(words...); });
    describe(options.ensemble, [&](auto&&... words) { one(words...); });
    if (one.found()) options.run.track.validate();
  } catch (const Error& error) {
    config.fail(value, fmt::format("option '{}' of 'posse' is wrong: {}", name, error.message()));
  }
  if (!one.found()) unknown_option(name, value, one.known(), config);
  return one.word();
}

}  // namespace

std::vector<std::string> run_words(const YamlValue& options, const ConfigMap& config,
                                   std::vector<std::string>& notes) {
  if (options.is_null()) return {};
  if (options.kind != YamlValue::Kind::map) {
    config.fail(options, "'posse' is no map of options, as 'posse: {consensus: median}'");
  }
  std::vector<std::string> words;
  AllOptions all;
  for (const YamlEntry& entry : options.entries) {
    // Of a key that comes several times the last holds.
    if (options.find(entry.key) != &entry.value) continue;
    std::string name = entry.key;
    std::ranges::replace(name, '_', '-');
    if (entry.value.kind == YamlValue::Kind::list || entry.value.kind == YamlValue::Kind::map ||
        has_control_character(entry.value.text)) {
      config.fail(entry.value, fmt::format("option '{}' of 'posse' is not one line of text",
                                           printable(entry.key)));
    }
    if (std::ranges::find(kDecidedByTheJob, name) != kDecidedByTheJob.end()) {
      notes.push_back(fmt::format("'{}' of 'posse' is ignored: the job decides it", name));
      continue;
    }
    std::string word = word_of(name, entry.value, all, config);
    if (!word.empty() && !entry.value.is_null()) words.push_back(std::move(word));
  }
  return words;
}

}  // namespace posse
