#include "cluster/submit.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/text.h"
#include "cluster/run_directory.h"
#include "cluster/status.h"
#include "run/job_record.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Text = nlohmann::ordered_json;

/// A word as a POSIX shell takes it.
std::string quoted(const std::string& word) {
  const bool is_plain =
      !word.empty() && word.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                           "_-./:=,%+@") == std::string::npos;
  if (is_plain) return word;
  std::string text = "'";
  for (const char letter : word) text += letter == '\'' ? "'\\''" : std::string(1, letter);
  return text + "'";
}

/// A folder's name within quotes of a line that sbatch reads, where '%' begins what it puts in.
/// @throws Error(usage) for a backslash, after which sbatch puts nothing in, and for a line's end
std::string quoted_pattern(const std::string& folder) {
  if (folder.find_first_of("\\\n\r") != std::string::npos) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: sbatch cannot write logs into a folder with a backslash or a line "
                            "break in its name",
                            printable(folder)),
                {.hint = "give the run's directory another name"});
  }
  std::string text;
  for (const char letter : folder) {
    if (letter == '%' || letter == '"') text += letter == '%' ? '%' : '\\';
    text += letter;
  }
  return text;
}

std::string joined(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + quoted(word);
  return text;
}

std::string site_lines(const SubmitOptions& options) {
  fs::path site = options.site;
  if (site.empty()) {
    const char* variable = std::getenv("POSSE_SLURM_SITE");
    if (variable == nullptr || *variable == '\0') return {};
    site = variable;
  }
  std::string text = read_file(site, uint64_t{1} << 20);
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

/// The lines '#SBATCH ...' of a site file stand before any command, the others behind.
void split_site(const std::string& site, std::string& directives, std::string& commands) {
  size_t at = 0;
  while (at < site.size()) {
    const size_t end = site.find('\n', at) + 1;
    const std::string line = site.substr(at, end - at);
    (line.starts_with("#SBATCH") ? directives : commands) += line;
    at = end;
  }
}

class Submit {
 public:
  Submit(const fs::path& folder, const fs::path& program, const SubmitOptions& options,
         const std::function<std::string(std::span<const std::string>)>& run)
      : directory_{absolute_path(folder)}, program_(program), options_(options), run_(run) {}

  SubmitReport go() {
    const RunStatusReport status = look_at_run(directory_.root);
    SubmitReport report{.tasks = status.tasks_to_do};
    if (report.tasks.empty() && status.num_results() == static_cast<int64_t>(status.videos.size()))
      return report;
    write_scripts();
    submit_arrays(report);
    submit_finish(report);
    if (options_.print) {
      report.job_ids.clear();
      report.finish_id.clear();
    } else {
      remember(report, status.num_done());
    }
    return report;
  }

 private:
  std::string script(const char* job, bool is_work, const std::string& command) const {
    std::string directives, commands;
    split_site(site_lines(options_), directives, commands);
    std::string text = "#!/bin/bash\n";
    const auto line = [&](const std::string& what) { text += "#SBATCH " + what + "\n"; };
    line(fmt::format("--job-name=posse-{}", job));
    line("--nodes=1");
    line("--ntasks=1");
    line(fmt::format("--cpus-per-task={}", is_work ? options_.cpus : 1));
    line("--mem=" + options_.memory);
    if (is_work && !options_.gres.empty()) line("--gres=" + options_.gres);
    line("--time=" + options_.time);
    if (!options_.partition.empty()) line("--partition=" + options_.partition);
    if (!options_.account.empty()) line("--account=" + options_.account);
    line("--requeue");
    line("--open-mode=append");
    if (is_work) line("--signal=B:TERM@60");
    // In quotes, as sbatch takes them, since a folder's name may have blanks.
    line(fmt::format("--output=\"{}/{}-{}.log\"",
                     quoted_pattern((directory_.slurm() / "log").string()), job,
                     is_work ? "%A_%a" : "%j"));
    text += directives + commands;
    if (is_work) text += "export POSSE_TASK_OFFSET=\"${1:-0}\"\n";
    return text + "exec " + command + "\n";
  }

  std::string command(std::vector<std::string> words) const {
    for (const std::string& map : options_.map) {
      words.emplace_back("--map");
      words.push_back(map);
    }
    return joined(words);
  }

  void write_scripts() const {
    make_folders(directory_.slurm() / "log");
    const std::string run = directory_.root.string(), posse = program_.string();
    write_file(work_script(),
               script("work", true, command({posse, "work", run, "--task", "auto"})));
    std::vector<std::string> finish = {posse, "finish", run};
    if (options_.retry > 0) finish.push_back(fmt::format("--retry={}", options_.retry));
    write_file(finish_script(), script("finish", false, command(finish)));
  }

  fs::path work_script() const { return directory_.slurm() / "work.sbatch"; }
  fs::path finish_script() const { return directory_.slurm() / "finish.sbatch"; }

  std::vector<std::string> sbatch() const {
    std::vector<std::string> words = {"sbatch", "--parsable"};
    std::string word;
    for (const char letter : options_.extra + " ") {
      if (letter != ' ') {
        word += letter;
      } else if (!word.empty()) {
        words.push_back(std::move(word));
        word.clear();
      }
    }
    return words;
  }

  /// The job's number; "ID1", "ID2" ... where nothing is submitted.
  std::string call(std::vector<std::string> words, SubmitReport& report) const {
    report.commands.push_back(joined(words));
    if (options_.print) return fmt::format("ID{}", report.commands.size());
    const std::string answer = run_(words);
    std::string id = answer.substr(0, answer.find_first_of(";\n"));
    if (id.empty() || id.find_first_not_of("0123456789") != std::string::npos) {
      throw Error(ErrorKind::io,
                  fmt::format("sbatch answered '{}', which is no job's number", printable(answer)));
    }
    return id;
  }

  void submit_arrays(SubmitReport& report) const {
    const auto most = static_cast<int64_t>(options_.max_array);
    for (size_t i = 0; i < report.tasks.size();) {
      const int64_t offset = report.tasks[i] / most * most;
      std::vector<int64_t> numbers;
      for (; i < report.tasks.size() && report.tasks[i] < offset + most; ++i)
        numbers.push_back(report.tasks[i] - offset);
      std::vector<std::string> words = sbatch();
      words.push_back("--array=" + array_text(numbers));
      words.push_back(work_script().string());
      words.push_back(std::to_string(offset));
      report.job_ids.push_back(call(std::move(words), report));
    }
  }

  void submit_finish(SubmitReport& report) const {
    std::vector<std::string> words = sbatch();
    std::string after = "--dependency=afterany";
    for (const std::string& id : report.job_ids) after += ":" + id;
    if (!report.job_ids.empty()) words.push_back(after);
    words.push_back(finish_script().string());
    report.finish_id = call(std::move(words), report);
  }

  /// Information for people, and for submit_again(); the truth is in the units.
  void remember(const SubmitReport& report, int64_t num_done) const {
    Text last = {{"program", program_.string()}, {"units_done", num_done}};
    last["options"] = Text::object();
    describe(options_, RecordOptions(last["options"]));
    write_file(directory_.slurm() / "last.json", last.dump(1) + "\n");
    Text line = {{"time", unix_seconds_now()}, {"arrays", report.job_ids}};
    line["tasks"] = array_text(report.tasks);
    line["finish"] = report.finish_id;
    const std::string text = line.dump() + "\n";
    const fs::path file = directory_.slurm() / "submissions.jsonl";
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) return;
    const ssize_t written = ::write(fd, text.data(), text.size());
    static_cast<void>(written);
    ::close(fd);
  }

  RunDirectory directory_;
  const fs::path& program_;
  const SubmitOptions& options_;
  const std::function<std::string(std::span<const std::string>)>& run_;
};

}  // namespace

std::string output_of(std::span<const std::string> words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error(ErrorKind::io, fmt::format("no pipe: {}", std::strerror(errno)));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  pid_t child = 0;
  const int error =
      ::posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string text;
  if (error == 0) {
    char block[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], block, sizeof(block))) > 0;)
      text.append(block, static_cast<size_t>(got));
  }
  ::close(ends[0]);
  if (error != 0) {
    throw Error(ErrorKind::unavailable,
                fmt::format("{} cannot be run: {}", words[0], std::strerror(error)),
                {.hint = "on a machine of the cluster that has Slurm's commands, or with --print"});
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw Error(ErrorKind::io, fmt::format("{} failed: {}", joined(words), printable_lines(text)));
  }
  return text;
}

std::string array_text(std::span<const int64_t> numbers) {
  std::string text;
  for (size_t i = 0; i < numbers.size();) {
    size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ",", numbers[i]);
    if (last > i) text += fmt::format("-{}", numbers[last]);
    i = last + 1;
  }
  return text;
}

std::optional<SubmitReport> submit_again(
    const fs::path& run_folder, int retry,
    const std::function<std::string(std::span<const std::string>)>& run) {
  const fs::path file = RunDirectory{run_folder}.slurm() / "last.json";
  if (retry < 1 || !path_exists(file)) return std::nullopt;
  const RunStatusReport status = look_at_run(run_folder);
  const Text last = Text::parse(read_file(file, uint64_t{1} << 20), nullptr, false);
  if (status.tasks_to_do.empty() || !last.is_object()) return std::nullopt;
  const Text before = last.value("units_done", Text());
  const Text program = last.value("program", Text());
  if (!before.is_number_integer() || !program.is_string() || !last.contains("options") ||
      status.num_done() <= before.get<int64_t>())
    return std::nullopt;
  SubmitOptions options;
  describe(options, ReadOptions(last.at("options"), file.string()));
  options.retry = retry - 1;
  return submit(run_folder, program.get<std::string>(), options, run);
}

SubmitReport submit(const fs::path& run_folder, const fs::path& program,
                    const SubmitOptions& options,
                    const std::function<std::string(std::span<const std::string>)>& run) {
  return Submit(run_folder, program, options, run).go();
}

}  // namespace posse
