#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <vector>

#include "base/count_text.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "cli/table_job.h"
#include "cluster/make_plan.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct PlanArguments {
  fs::path folder;
  std::vector<fs::path> videos;
  std::vector<fs::path> members;
  PlanOptions plan;
  RunOptions run;
  EnsembleOptions ensemble;
  bool json = false;
};

void plan(const PlanArguments& arguments, CommandContext& context) {
  const ClusterPlan plan =
      make_plan(arguments.folder, arguments.videos, arguments.members, arguments.ensemble,
                arguments.run, arguments.plan, console_hooks(context));
  context.console.end_progress();
  if (arguments.json) {
    context.console.print(Json::object({{"folder", printable(arguments.folder.string())},
                                        {"videos", static_cast<int64_t>(plan.videos.size())},
                                        {"members", static_cast<int64_t>(plan.networks.size())},
                                        {"unit_frames", plan.unit_frames},
                                        {"units", static_cast<int64_t>(plan.units.size())},
                                        {"tasks", static_cast<int64_t>(plan.tasks.size())}})
                              .dump(2));
    return;
  }
  const std::string folder = arguments.folder.string();
  context.console.print(fmt::format("{}: {} of {} members, {} of about {} frames, {}", folder,
                                    count_text(std::ssize(plan.videos), "video"),
                                    plan.networks.size(),
                                    count_text(std::ssize(plan.units), "unit"), plan.unit_frames,
                                    count_text(std::ssize(plan.tasks), "task")));
  context.console.print(
      fmt::format("next: posse work {} on every machine, then posse finish {}; or posse submit {} "
                  "on a Slurm cluster",
                  folder, folder, folder));
}

}  // namespace

void add_plan(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<PlanArguments>();
  Verb verb =
      root.add_verb("plan", "plan a run for many machines, in a directory that all of them see");
  verb.add_option("RUN", arguments->folder,
                  "directory to write the plan into; all machines must see it")
      .required();
  verb.add_option("VIDEO", arguments->videos, "video files, or folders of pictures").required();
  verb.add_option("--members", arguments->members,
                  "trained networks: project folders, train/ folders or snapshot prefixes, or a "
                  "folder that holds them")
      .required()
      .placeholder("PATH...");
  describe(arguments->plan, OptionBinder(verb, "Plan"));
  describe(arguments->run, OptionBinder(verb, "What is computed and written"));
  describe(arguments->ensemble, OptionBinder(verb, "Networks"));
  verb.add_flag("--json", arguments->json, "print the outcome as JSON");
  verb.footer(
      "example: posse plan /lab/run1 /lab/videos/*.mp4 --members /lab/models\n"
      "         posse work /lab/run1       on every machine, as often as you like\n"
      "         posse finish /lab/run1     once, when posse status says that all is done");
  verb.on_call([arguments, &context] { plan(*arguments, context); });
}

}  // namespace posse
