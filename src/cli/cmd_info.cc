#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/command.h"
#include "report/path_info.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct InfoArguments {
  std::vector<std::string> paths;
  InfoOptions options;
  bool json = false;
};

/// Prints what is found, or collects it for JSON; counts for the exit code.
class InfoPrinter {
 public:
  InfoPrinter(bool json, Console& console) : json_(json), console_(console) {}

  InfoSink sink() {
    return {.member = [this](const MemberInfo& info) { show(info); },
            .table = [this](const fs::path& path, const TableSummary& s) { show(path, s); },
            .video = [this](const VideoSummary& summary) { show(summary); },
            .error = [this](const std::string& path, const Error& error) { show(path, error); },
            .warning = [this](const std::string& text) { console_.warn(text); }};
  }

  ExitCode finish() {
    if (json_) console_.print(report_.json().dump(2));
    if (num_bad_ == 0) return ExitCode::done;
    return num_sound_ > 0 ? ExitCode::some_failed : ExitCode::failed;
  }

 private:
  void show(const MemberInfo& info) {
    json_ ? report_.add(info) : print(to_text(info));
    ++(info.problems.empty() ? num_sound_ : num_bad_);
  }
  void show(const fs::path& path, const TableSummary& summary) {
    json_ ? report_.add(path, summary)
          : print(printable(path.string()) + "\n" + summary_text(summary));
    ++num_sound_;
  }
  void show(const VideoSummary& summary) {
    json_ ? report_.add(summary) : print(to_text(summary));
    ++num_sound_;
  }
  void show(const std::string& path, const Error& error) {
    ++num_bad_;
    report_.add_error(path, error);
    console_.warn(error.what());
  }
  /// Texts are parted by an empty line.
  void print(const std::string& text) {
    if (num_sound_ + num_bad_ > 0) console_.print("");
    console_.print(text);
  }

  bool json_;
  Console& console_;
  InfoReport report_;
  int num_sound_ = 0;
  int num_bad_ = 0;
};

void run_info(const InfoArguments& arguments, CommandContext& context) {
  InfoPrinter printer(arguments.json, context.console);
  look_into(arguments.paths, arguments.options, context.stop, printer.sink());
  context.exit_code = printer.finish();
}

}  // namespace

void add_info(Verb root, CommandContext& context) {
  Verb verb = root.add_verb(
      "info", "say what a project, snapshot, folder of members, pose table or video holds");
  auto arguments = std::make_shared<InfoArguments>();
  verb.add_option("PATH", arguments->paths,
                  "project folder, training folder, snapshot, folder that holds these, table "
                  "(.csv, .h5, .slp), or video")
      .required();
  verb.add_flag("--json", arguments->json, "print one JSON object instead of text");
  verb.add_flag("--verify", arguments->options.verify,
                "read every value and check its checksum, or decode every frame, too");
  verb.add_option(
          "--snapshot", arguments->options.member.snapshot,
          "choose each member's snapshot: a name, newest, best, all, or its position in the list, "
          "counted from 0 (default: the one that config.yaml names, else the newest)")
      .placeholder("NAME");
  verb.add_option("--shuffle", arguments->options.member.shuffle,
                  "number of the shuffle whose network is described (default: the only one there "
                  "is, else 1)")
      .placeholder("N");
  verb.add_option("--training-set-index", arguments->options.member.training_set_index,
                  "position in config.yaml's TrainingFraction, counted from 0 (default 0)")
      .placeholder("N");
  verb.add_option("--iteration", arguments->options.member.iteration,
                  "number of the iteration folder in dlc-models (default: the one in config.yaml)")
      .placeholder("N");
  verb.footer(
      "exit codes: 0 posse can run all of it, 1 none of it, 3 not all of it (see 'problem')\n"
      "example: posse info data/demo --verify");
  verb.on_call([arguments, &context] { run_info(*arguments, context); });
}

}  // namespace posse
