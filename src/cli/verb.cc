#include "cli/verb.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <sstream>
#include <utility>

#include "base/text.h"

namespace posse {
namespace {

/// Without a name, so that help shows the placeholder alone.
CLI::Validator not_negative_number() {
  return CLI::Validator(
      [](std::string& text) {
        const bool negative = text.starts_with('-');
        return negative ? fmt::format("{} is negative; 0 or more is wanted", text) : std::string();
      },
      "");
}

/// A script's empty variable, most often: taken for a name it would mean the working folder.
CLI::Validator not_empty() {
  return CLI::Validator(
      [](std::string& text) {
        return text.empty() ? std::string("an empty name was given") : std::string();
      },
      "");
}

}  // namespace

VerbOption& VerbOption::required() {
  option_.required();
  return *this;
}

VerbOption& VerbOption::placeholder(const std::string& text) {
  option_.type_name(text);
  return *this;
}

VerbOption& VerbOption::group(const std::string& name) {
  option_.group(name);
  return *this;
}

VerbOption& VerbOption::one_of(std::initializer_list<const char*> words) {
  option_.check(CLI::IsMember(std::vector<std::string>(words.begin(), words.end())));
  return *this;
}

VerbOption& VerbOption::between(int least, int most) {
  option_.check(CLI::Range(least, most));
  return *this;
}

VerbOption& VerbOption::not_negative() {
  option_.check(not_negative_number());
  return *this;
}

VerbOption& VerbOption::excludes(const std::string& name) {
  option_.excludes(name);
  return *this;
}

Verb Verb::add_verb(const std::string& name, const std::string& help) {
  return Verb(*app_->add_subcommand(name, help));
}

VerbOption Verb::add_option(const std::string& name, std::string& field, const std::string& help) {
  return VerbOption(*app_->add_option(name, field, help));
}

VerbOption Verb::add_option(const std::string& name, std::filesystem::path& field,
                            const std::string& help) {
  return VerbOption(*app_->add_option(name, field, help)->check(not_empty()));
}

VerbOption Verb::add_option(const std::string& name, int& field, const std::string& help) {
  return VerbOption(*app_->add_option(name, field, help));
}

VerbOption Verb::add_option(const std::string& name, double& field, const std::string& help) {
  return VerbOption(*app_->add_option(name, field, help));
}

VerbOption Verb::add_option(const std::string& name, std::optional<int>& field,
                            const std::string& help) {
  return VerbOption(*app_->add_option(name, field, help));
}

VerbOption Verb::add_option(const std::string& name, std::optional<double>& field,
                            const std::string& help) {
  return VerbOption(*app_->add_option(name, field, help));
}

VerbOption Verb::add_option(const std::string& name, std::vector<std::string>& field,
                            const std::string& help) {
  return VerbOption(*app_->add_option(name, field, help));
}

VerbOption Verb::add_option(const std::string& name, std::vector<std::filesystem::path>& field,
                            const std::string& help) {
  return VerbOption(*app_->add_option(name, field, help));
}

VerbOption Verb::add_option(const std::string& name, std::vector<double>& field,
                            const std::string& help) {
  return VerbOption(*app_->add_option(name, field, help));
}

VerbOption Verb::add_word(const std::string& name,
                          const std::function<void(const std::string&)>& take,
                          const std::string& help) {
  return VerbOption(*app_->add_option_function<std::string>(name, take, help));
}

VerbOption Verb::add_words(const std::string& name,
                           const std::function<void(const std::vector<std::string>&)>& take,
                           const std::string& help) {
  return VerbOption(*app_->add_option_function<std::vector<std::string>>(name, take, help));
}

VerbOption Verb::add_switch(const std::string& name, bool& field, const std::string& help) {
  return add_word(
      name,
      [&field, name](const std::string& text) {
        if (text != "on" && text != "off") {
          throw CLI::ValidationError(name, fmt::format("'{}' is neither on nor off", text));
        }
        field = text == "on";
      },
      help);
}

VerbOption Verb::add_flag(const std::string& name, bool& field, const std::string& help) {
  return VerbOption(*app_->add_flag(name, field, help));
}

void Verb::footer(const std::string& text) { app_->footer(text); }

void Verb::require_verb() { app_->require_subcommand(1); }

void Verb::on_call(std::function<void()> call) { app_->callback(std::move(call)); }

CommandLine::CommandLine(const std::string& name, const std::string& description,
                         const std::string& version)
    : app_(std::make_unique<CLI::App>(description, name)) {
  app_->set_version_flag("--version", version);
  app_->require_subcommand(1);
  app_->fallthrough();  // the program's own options may stand after the verb
  app_->get_formatter()->column_width(34);
}

CommandLine::~CommandLine() = default;

Verb CommandLine::root() { return Verb(*app_); }

std::vector<std::string> CommandLine::verbs() const {
  std::vector<std::string> names;
  for (const CLI::App* verb : std::as_const(*app_).get_subcommands({}))
    names.push_back(verb->get_name());
  return names;
}

std::optional<int> CommandLine::run(int argc, char** argv, std::function<void()> before,
                                    int usage_code) {
  app_->parse_complete_callback(std::move(before));
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app_->exit(success);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, message;
    app_->exit(error, out, message);
    std::fputs(printable_lines(message.str()).c_str(), stderr);
    return usage_code;
  }
  return std::nullopt;
}

}  // namespace posse
