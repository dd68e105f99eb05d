#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/npy.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "ensemble/ensemble.h"
#include "run/plan.h"
#include "video/video_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct ScoremapArguments {
  fs::path member;
  fs::path input;
  fs::path out;
  FrameRange frames;
  EnsembleOptions ensemble;
};

/// locref from units of locref_stdev to pixels, in place.
void to_pixels(Tensor& locref, double stdev) {
  for (float& value : locref.values())
    value = static_cast<float>(static_cast<double>(value) * stdev);
}

void write_scoremaps(const ScoremapArguments& arguments, CommandContext& context) {
  Ensemble ensemble = Ensemble::open(std::vector{arguments.member}, arguments.ensemble);
  if (ensemble.members().size() != 1) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: holds {} members, one is wanted here", arguments.member.string(),
                            ensemble.members().size()),
                {.hint = "name one member's folder or a snapshot prefix"});
  }
  const MemberNetwork& member = ensemble.members().front();
  const auto reader = open_video(arguments.input, {.range = arguments.frames});
  const bool whole = runs_on_whole_pictures(ensemble, arguments.input, reader->info());
  if (member.crop && !whole) {
    context.console.note(
        fmt::format("maps begin at column {} and row {} of the frame (config.yaml's cropping)",
                    member.crop->x1, member.crop->y1));
  }
  const std::string preparation = preparation_of(member);
  if (!preparation.empty()) {
    context.console.note(fmt::format("maps are of frames {}", preparation));
  }
  NpyWriter logits(arguments.out / "logits.npy");
  std::optional<NpyWriter> locref;
  if (member.spec.has_locref) locref.emplace(arguments.out / "locref.npy");
  const auto per_frame = [](const Shape& shape) { return Shape(shape.begin() + 1, shape.end()); };
  ensemble.run({.source = [&](VideoFrame& frame) { return reader->read(frame); },
                .want_locref = true,
                .whole_pictures = whole,
                .sink =
                    [&](FrameBundle& bundle) {
                      NetworkOutput& output = bundle.outputs.front();
                      logits.append(output.scoremap_logits.values(),
                                    per_frame(output.scoremap_logits.shape()));
                      if (locref) {
                        to_pixels(output.locref, member.locref_stdev());
                        locref->append(output.locref.values(), per_frame(output.locref.shape()));
                      }
                    },
                .stop = &context.stop});
  if (context.stop.requested()) throw Error(ErrorKind::interrupted, "nothing was written");
  for (const std::string& warning : reader->report().warnings) context.console.warn(warning);
  logits.finish();
  context.console.print((arguments.out / "logits.npy").string());
  if (locref) {
    locref->finish();
    context.console.print((arguments.out / "locref.npy").string());
  }
}

}  // namespace

void add_scoremap(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<ScoremapArguments>();
  Verb verb = root.add_verb("scoremap", "write a member's raw maps of some frames as .npy files");
  verb.add_option("MEMBER", arguments->member,
                  "trained network: a project folder, train/ folder or snapshot prefix")
      .required();
  verb.add_option("INPUT", arguments->input, "picture, video or folder of pictures").required();
  verb.add_option("--out", arguments->out, "folder for the files").required().placeholder("DIR");
  OptionBinder bind(verb, "Frames");
  bind("frames", arguments->frames, "A:B:STEP",
       "frames to use, counted from 0, B excluded (default: all)");
  describe(arguments->ensemble, OptionBinder(verb, "Networks"));
  verb.footer(
      "writes logits.npy  float32 [frames, height, width, bodyparts], before the sigmoid\n"
      "       locref.npy  float32 [frames, height, width, bodyparts, xy] in pixels, where the "
      "network has it");
  verb.on_call([arguments, &context] { write_scoremaps(*arguments, context); });
}

}  // namespace posse
