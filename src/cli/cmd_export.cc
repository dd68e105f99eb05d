#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "ensemble/ensemble.h"
#include "network/load_network.h"
#include "network/onnx.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct ExportArguments {
  std::vector<fs::path> members;
  fs::path file;
  bool ensemble = false;
  bool float_input = false;
  bool force = false;
  EnsembleOptions options;
};

std::vector<std::pair<std::string, std::string>> metadata_of(const Ensemble& ensemble) {
  const MemberNetwork& first = ensemble.members().front();
  std::vector<std::pair<std::string, std::string>> metadata = {
      {"producer", "posse " + version()},
      {"bodyparts", Json(ensemble.bodyparts()).dump()},
      {"stride", fmt::format("{}", first.stride())},
      {"locref_stdev", fmt::format("{}", first.locref_stdev())},
      {"decode", std::string(to_string(ensemble.consensus_rule()))}};
  for (const MemberNetwork& member : ensemble.members()) {
    metadata.emplace_back(member.name + "/network", net_type(member.spec));
    metadata.emplace_back(member.name + "/decode", std::string(to_string(member.rule)));
    metadata.emplace_back(member.name + "/batch_norm", batch_norm_of(member));
    if (const auto& size = member.spec.torch.resized) {
      metadata.emplace_back(member.name + "/resized",
                            fmt::format("[{},{}]", size->height, size->width));
    }
    if (member.meaning != MapMeaning::logits) {
      metadata.emplace_back(member.name + "/heatmaps",
                            member.meaning == MapMeaning::bump ? "bump" : "softmax");
    }
    metadata.emplace_back(member.name + "/snapshot", member.weights->path().filename().string());
  }
  return metadata;
}

void check_target(const ExportArguments& arguments) {
  if (is_folder(arguments.file)) {
    throw Error(ErrorKind::usage, fmt::format("{}: is a folder", arguments.file.string()),
                {.hint = "name the file to write, as network.onnx"});
  }
  refuse_to_replace(arguments.file, arguments.force);
  require_writable(arguments.file);
}

void export_onnx(const ExportArguments& arguments, CommandContext& context) {
  check_target(arguments);
  const Ensemble ensemble = Ensemble::open(arguments.members, arguments.options);
  const auto& members = ensemble.members();
  if (members.size() > 1 && !arguments.ensemble) {
    throw Error(ErrorKind::usage,
                fmt::format("{} members are named, one is exported", members.size()),
                {.hint = "--ensemble exports all of them and their mean consensus as one graph"});
  }
  if (ensemble.cuts_frames()) {
    context.console.warn(
        "config.yaml's cropping is not part of the file: cut pictures to the box before they go "
        "in, and add its corner to what comes out");
  }
  for (const MemberNetwork& member : members) {
    if (member.shaping.changes_nothing()) continue;
    context.console.warn(fmt::format(
        "{}: pictures must be {} before they go in, which is not part of the file; points are of "
        "such pictures",
        member.name, to_string(member.shaping)));
  }
  std::vector<Weights> weights;
  for (const MemberNetwork& member : members)
    weights.push_back(load_weights(member.graph, *member.weights));
  OnnxExport what{.input = arguments.float_input ? OnnxInput::float32 : OnnxInput::uint8,
                  .metadata = metadata_of(ensemble)};
  for (size_t m = 0; m < members.size(); ++m) {
    what.members.push_back({.graph = &members[m].graph,
                            .weights = &weights[m],
                            .name = members[m].name,
                            .locref_stdev = members[m].locref_stdev(),
                            .columns = ensemble.alignment().column_of_bodypart[m],
                            .meaning = members[m].meaning});
  }
  write_onnx(what, arguments.file);
  context.console.print(arguments.file.string());
}

}  // namespace

void add_export(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<ExportArguments>();
  Verb verb = root.add_verb("export", "write a member, or a whole ensemble, as an ONNX file");
  verb.add_option("MEMBER", arguments->members,
                  "trained network: a project folder, train/ folder or snapshot prefix; several "
                  "with --ensemble")
      .required();
  verb.add_option("--onnx", arguments->file, "file to write").required().placeholder("FILE");
  verb.add_flag("--ensemble", arguments->ensemble,
                "write all members and their mean consensus as one graph");
  verb.add_flag("--float-input", arguments->float_input,
                "let the graph take pictures as float32 from 0 to 255 instead of uint8");
  verb.add_flag("--force", arguments->force, "replace FILE if it exists");
  describe(arguments->options, OptionBinder(verb, "Networks"));
  verb.footer(
      "inputs   RGB pictures [frames, height, width, 3] of any height and width; preprocessing is "
      "part of the graph\n"
      "outputs  scoremap_logits [frames, h, w, bodyparts]; locref [frames, h, w, bodyparts, xy] in "
      "pixels; networks of\n"
      "         PyTorch's tools also give heatmaps [frames, h, w, bodyparts], as the tool does\n"
      "\n"
      "example: posse export member-1 --onnx member-1.onnx");
  verb.on_call([arguments, &context] { export_onnx(*arguments, context); });
}

}  // namespace posse
