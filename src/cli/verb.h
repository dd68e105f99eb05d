/// Wraps the command line's parser for the verbs: options are tied to fields of standard types.
/// verb.cc alone includes the parser's own header, which costs seconds in every file that does.
#pragma once

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace posse {

/// An option just added, to say more of it.
class VerbOption {
 public:
  explicit VerbOption(CLI::Option& option) : option_(option) {}

  VerbOption& required();
  /// What stands for the value in the help.
  VerbOption& placeholder(const std::string& text);
  /// The heading in the help under which it stands.
  VerbOption& group(const std::string& name);
  /// Takes these words only.
  VerbOption& one_of(std::initializer_list<const char*> words);
  /// Takes numbers of [least, most] only.
  VerbOption& between(int least, int most);
  VerbOption& not_negative();
  /// Refused together with the option `name`, which is declared already or later.
  VerbOption& excludes(const std::string& name);

 private:
  CLI::Option& option_;
};

/// A verb, or the program itself. Fields must outlive the parse; they keep their values where an
/// option is not given.
class Verb {
 public:
  explicit Verb(CLI::App& app) : app_(&app) {}

  /// A verb below this one.
  Verb add_verb(const std::string& name, const std::string& help);
  /// `name` with dashes is an option, without is positional.
  VerbOption add_option(const std::string& name, std::string& field, const std::string& help);
  VerbOption add_option(const std::string& name, std::filesystem::path& field,
                        const std::string& help);
  VerbOption add_option(const std::string& name, int& field, const std::string& help);
  VerbOption add_option(const std::string& name, double& field, const std::string& help);
  VerbOption add_option(const std::string& name, std::optional<int>& field,
                        const std::string& help);
  VerbOption add_option(const std::string& name, std::optional<double>& field,
                        const std::string& help);
  VerbOption add_option(const std::string& name, std::vector<std::string>& field,
                        const std::string& help);
  VerbOption add_option(const std::string& name, std::vector<std::filesystem::path>& field,
                        const std::string& help);
  VerbOption add_option(const std::string& name, std::vector<double>& field,
                        const std::string& help);
  /// One word, given to `take`, which may throw Error(usage).
  VerbOption add_word(const std::string& name, const std::function<void(const std::string&)>& take,
                      const std::string& help);
  /// One or more words.
  VerbOption add_words(const std::string& name,
                       const std::function<void(const std::vector<std::string>&)>& take,
                       const std::string& help);
  /// Takes "on" or "off".
  VerbOption add_switch(const std::string& name, bool& field, const std::string& help);
  VerbOption add_flag(const std::string& name, bool& field, const std::string& help);
  /// Text below the help.
  void footer(const std::string& text);
  /// One of the verbs below this one must be named.
  void require_verb();
  /// What the verb does, called when everything has been parsed.
  void on_call(std::function<void()> call);

 private:
  CLI::App* app_;
};

/// The program's command line: verbs are added to root(), then it is parsed once.
class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& description, const std::string& version);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  Verb root();
  /// Names of the verbs added to root().
  std::vector<std::string> verbs() const;
  /// Parses, and calls the verb that was named. @param before  called between the two.
  /// @return nullopt when the verb ran; 0 when help or version was asked for and has been printed;
  /// `usage_code` when the words made no sense, which has been said on stderr.
  /// @throws whatever the verb and the options' own functions throw
  std::optional<int> run(int argc, char** argv, std::function<void()> before, int usage_code);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace posse
