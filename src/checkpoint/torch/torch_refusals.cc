#include "checkpoint/torch/torch_refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

using namespace std::string_view_literals;

constexpr auto kZip = "PK\x03\x04"sv;
/// A pickled number: the stream that torch wrote before 1.6.
constexpr auto kStream = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv;

struct Beginning {
  std::string_view bytes;
  std::string_view what;
  std::string_view hint;
};

constexpr std::array<Beginning, 5> kBeginnings = {{
    {kStream, "is in torch's format before version 1.6",
     "load it in any newer torch and save it again: torch.save(torch.load(FILE), NEW_FILE)"},
    {"version https://git-lfs"sv, "is a Git LFS pointer: the weights themselves were not fetched",
     "git lfs pull fetches them"},
    {"\x89HDF"sv, "is an HDF5 file, not one of torch.save()", "Keras networks are not supported"},
    {"<!DOCTYPE"sv, "is a web page, not a file of torch.save()", "fetch the file itself"},
    {"<html"sv, "is a web page, not a file of torch.save()", "fetch the file itself"},
}};

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_tar(std::string_view text) {
  constexpr size_t kMarkAt = 257;
  return text.size() > kMarkAt + 5 && text.substr(kMarkAt, 5) == "ustar";
}

/// Eight bytes of length, then JSON.
bool is_safetensors(std::string_view text) { return text.size() > 9 && text.substr(8, 2) == "{\""; }

}  // namespace

void refuse_other_beginnings(std::span<const uint8_t> bytes, const std::string& file) {
  const std::string_view text = text_of(bytes);
  if (text.starts_with(kZip)) return;
  if (text.empty()) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: is empty", file),
                {.hint = "copy the file again from where it was written"});
  }
  for (const Beginning& beginning : kBeginnings) {
    if (!text.starts_with(beginning.bytes)) continue;
    throw Error(ErrorKind::unsupported, fmt::format("{}: {}", file, beginning.what),
                {.hint = std::string(beginning.hint)});
  }
  if (is_tar(text)) {
    throw Error(ErrorKind::unsupported, fmt::format("{}: is a tar archive", file),
                {.hint = "unpack it, or save its weights again with torch.save()"});
  }
  if (is_safetensors(text)) {
    throw Error(ErrorKind::unsupported, fmt::format("{}: is a safetensors file", file),
                {.hint = "save its weights with torch.save()"});
  }
  throw Error(ErrorKind::bad_file,
              fmt::format("{}: is not a file of torch.save(): it does not begin as a zip archive "
                          "does",
                          file),
              {.hint = "copy the file again from where it was written"});
}

void refuse_other_archives(const ZipArchive& archive, const std::string& file) {
  std::vector<std::string> names;
  bool has_pickle = false;
  bool has_code = false;
  bool has_arrays = false;
  for (const ZipEntry& entry : archive.entries()) {
    const std::string_view name = entry.name;
    has_pickle = has_pickle || name.ends_with("/data.pkl");
    has_code = has_code || name.ends_with("/constants.pkl") ||
               name.find("/code/") != std::string_view::npos;
    has_arrays = has_arrays || name.ends_with(".npy");
    names.push_back(printable(name));
  }
  if (has_code) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: is a TorchScript program, not a file of weights", file),
                {.hint = "save the network's state_dict() with torch.save()"});
  }
  if (has_pickle) return;
  throw Error(ErrorKind::unsupported,
              fmt::format("{}: is {}, not a file of torch.save(): it has no 'data.pkl'", file,
                          has_arrays ? "numpy's .npz" : "a zip archive of other files"),
              {.have = list_names(names, 6)});
}

bool begins_like_torch(std::span<const uint8_t> bytes) {
  const std::string_view text = text_of(bytes);
  return text.starts_with(kZip) || text.starts_with(kStream);
}

}  // namespace posse
