#include <fmt/format.h>

#include <string>

#include "base/error.h"
#include "base/files.h"
#include "base/image.h"
#include "base/threads.h"
#include "base/version.h"
#include "cli/command.h"
#include "network/backend.h"
#include "simd/instruction_set.h"
#include "video/video_writer.h"

namespace posse {
namespace {

/// Those that there are kernels for, best first: "AVX-512, AVX2, baseline".
std::string instruction_sets() {
  std::string titles;
  for (const InstructionSet set : available_instruction_sets()) {
    titles += (titles.empty() ? "" : ", ") + std::string(title_of(set));
  }
  return titles;
}

/// Why labelled videos cannot be written; empty if they can.
std::string why_no_labelled_video() {
  const TemporaryFolder folder;
  try {
    VideoWriter writer(folder.path() / "try.mp4", 64, 64);
    writer.write(Image(64, 64), 0);
    writer.finish();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void print_capabilities(Console& console) {
  const ThreadBudget threads = available_threads();
  console.print("posse         " + version());
  console.print(fmt::format("threads       {} ({})", threads.num_threads, threads.reason));
  console.print("instructions  " + instruction_sets());
  for (const Backend* backend : backends()) {
    const auto why_not = backend->why_unavailable();
    console.print(fmt::format("backend       {}: {}", backend->name(),
                              why_not ? "not here, " + *why_not : "available"));
  }
  console.print(fmt::format("chosen        {} (--backend or POSSE_BACKEND change it)",
                            choose_backend("").name()));
  const std::string no_video = why_no_labelled_video();
  console.print("H.264 videos  " + (no_video.empty() ? std::string("can be written") : no_video));
}

}  // namespace

void add_doctor(Verb root, CommandContext& context) {
  Verb verb = root.add_verb("doctor", "say what this machine can do, and why not");
  verb.on_call([&context] { print_capabilities(context.console); });
}

}  // namespace posse
