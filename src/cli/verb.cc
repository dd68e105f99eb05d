#include "cli/verb.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>
#include <string_view>
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

bool looks_like_a_file(std::string_view text) {
  const std::string suffix = ascii_lower(std::filesystem::path(text).extension().string());
  const std::array<std::string_view, 8> known = {".csv", ".h5",  ".hdf5", ".slp",
                                                 ".mp4", ".avi", ".mov",  ".mkv"};
  return std::find(known.begin(), known.end(), suffix) != known.end();
}

/// "a.mp4=b.mp4": one file in the place of another, and no file that was taken by mistake.
bool looks_like_two_files(std::string_view text) {
  const size_t equals = text.find('=');
  return equals != std::string_view::npos && looks_like_a_file(text.substr(0, equals)) &&
         looks_like_a_file(text.substr(equals + 1));
}

/// "posse smooth multi": the program and the verbs that lead to this one.
std::string called(const CLI::App& app) {
  const CLI::App* above = app.get_parent();
  return above == nullptr ? app.get_name() : called(*above) + " " + app.get_name();
}

/// The verb's first list of files, as "FILE...", or what it takes instead.
std::string files_of(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) return option->get_name(true) + "...";
  }
  return "FILES";
}

/// An option that takes all that follows takes the files too that stand behind it.
void refuse_files(CLI::Option& option, const CLI::App& app) {
  const std::string name = option.get_name();
  option.check(CLI::Validator(
      [name, &app](std::string& text) {
        if (!looks_like_a_file(text) || looks_like_two_files(text)) return std::string();
        if (const size_t equals = text.find('='); equals > 0 && equals < text.find('/')) {
          return fmt::format(
              "takes names alone, and {} is a file with its name\n  hint: leave {} out: {} {}",
              text, name, called(app), text);
        }
        return fmt::format(
            "takes all that follows, and so took the file {}\n  hint: put the files "
            "first: {} {} {} ...",
            text, called(app), files_of(app), name);
      },
      ""));
}

/// The message for a verb without its files, where an option took all that follows.
std::string missing_files(const CLI::App& root, const CLI::RequiredError& error) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_positional() || option->count() == 0 || option->get_expected_max() < 2)
      continue;
    return fmt::format(
        "{}: {} takes all that follows: {}\n  hint: put the files first: {} {} {} ...\n",
        error.what(), option->get_name(), fmt::join(option->results(), " "), called(*app),
        files_of(*app), option->get_name());
  }
  return "";
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
  return VerbOption(*app_->add_option(name, field, help)->check(not_empty()));
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
  CLI::Option& option = *app_->add_option(name, field, help);
  if (name.starts_with('-')) refuse_files(option, *app_);
  return VerbOption(option);
}

VerbOption Verb::add_option(const std::string& name, std::vector<std::filesystem::path>& field,
                            const std::string& help) {
  return VerbOption(*app_->add_option(name, field, help));
}

VerbOption Verb::add_option(const std::string& name, std::vector<double>& field,
                            const std::string& help) {
  CLI::Option& option = *app_->add_option(name, field, help);
  if (name.starts_with('-')) refuse_files(option, *app_);
  return VerbOption(option);
}

VerbOption Verb::add_word(const std::string& name,
                          const std::function<void(const std::string&)>& take,
                          const std::string& help) {
  return VerbOption(*app_->add_option_function<std::string>(name, take, help));
}

VerbOption Verb::add_words(const std::string& name,
                           const std::function<void(const std::vector<std::string>&)>& take,
                           const std::string& help) {
  CLI::Option& option = *app_->add_option_function<std::vector<std::string>>(name, take, help);
  refuse_files(option, *app_);
  return VerbOption(option);
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
  app_->set_help_flag("-h,--help", "print this help and exit");
  app_->set_version_flag("--version", version, "print the version and exit");
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
  } catch (const CLI::RequiredError& error) {
    const std::string said = missing_files(*app_, error);
    std::fputs(
        printable_lines(said.empty() ? error.what() + std::string("\nRun with --help for more "
                                                                  "information.\n")
                                     : said)
            .c_str(),
        stderr);
    return usage_code;
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, message;
    app_->exit(error, out, message);
    std::fputs(printable_lines(message.str()).c_str(), stderr);
    return usage_code;
  }
  return std::nullopt;
}

}  // namespace posse
