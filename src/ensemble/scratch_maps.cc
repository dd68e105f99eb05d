#include "ensemble/scratch_maps.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr int64_t kMostBytes = int64_t{8} << 30;

[[noreturn]] void fail(const fs::path& folder, const char* what, int code) {
  throw Error(
      ErrorKind::io,
      fmt::format("{}: maps of members that wait for others cannot be {}: {}",
                  printable(folder.string()), what, std::strerror(code)),
      {.hint = "TMPDIR names another folder; --members-at-once says how many members are in "
               "memory together"});
}

}  // namespace

ScratchMaps::ScratchMaps() {
  std::error_code unknown;
  folder_ = fs::temp_directory_path(unknown);
  if (unknown) folder_ = "/tmp";
  std::string name = (folder_ / "posse-maps-XXXXXX").string();
  fd_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd_ < 0) fail(folder_, "kept", errno);
  ::unlink(name.c_str());
}

ScratchMaps::~ScratchMaps() { ::close(fd_); }

int64_t ScratchMaps::most_bytes() const {
  std::error_code unknown;
  const fs::space_info space = fs::space(folder_, unknown);
  if (unknown) return kMostBytes;
  const auto half = static_cast<int64_t>(
      std::min<uintmax_t>(space.available / 2, static_cast<uintmax_t>(kMostBytes)));
  return half;
}

void ScratchMaps::clear() {
  frames_.clear();
  outputs_.clear();
  end_ = 0;
  if (::ftruncate(fd_, 0) != 0) fail(folder_, "removed", errno);
}

int64_t ScratchMaps::write(const void* data, size_t bytes) {
  const int64_t offset = end_;
  const char* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::pwrite(fd_, next, bytes, end_);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(folder_, "kept", written < 0 ? errno : ENOSPC);
    next += written;
    end_ += written;
    bytes -= static_cast<size_t>(written);
  }
  return offset;
}

void ScratchMaps::read(int64_t offset, void* data, size_t bytes) const {
  char* next = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t got = ::pread(fd_, next, bytes, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail(folder_, "read", got < 0 ? errno : EIO);
    next += got;
    offset += got;
    bytes -= static_cast<size_t>(got);
  }
}

ScratchMaps::StoredTensor ScratchMaps::write(const Tensor& tensor) {
  return {.shape = tensor.shape(),
          .offset = write(tensor.data(), static_cast<size_t>(tensor.size()) * sizeof(float))};
}

void ScratchMaps::read(const StoredTensor& stored, Tensor& tensor) const {
  if (stored.shape.empty()) {
    tensor = Tensor();
    return;
  }
  if (tensor.shape() != stored.shape) tensor = Tensor(stored.shape);
  read(stored.offset, tensor.data(), static_cast<size_t>(tensor.size()) * sizeof(float));
}

void ScratchMaps::add_frame(const VideoFrame& frame) {
  frames_.push_back({.frame_index = frame.frame_index,
                     .time_seconds = frame.time_seconds,
                     .width = frame.image.width,
                     .height = frame.image.height,
                     .offset = write(frame.image.rgb.data(), frame.image.rgb.size())});
}

void ScratchMaps::read_frame(size_t number, VideoFrame& frame) const {
  const StoredFrame& stored = frames_.at(number);
  frame.frame_index = stored.frame_index;
  frame.time_seconds = stored.time_seconds;
  if (frame.image.width != stored.width || frame.image.height != stored.height)
    frame.image = Image(stored.width, stored.height);
  read(stored.offset, frame.image.rgb.data(), frame.image.rgb.size());
}

void ScratchMaps::add_output(size_t member, int64_t bundle, const NetworkOutput& output) {
  outputs_[{member, bundle}] = {.scoremap_logits = write(output.scoremap_logits),
                                .locref = write(output.locref)};
}

void ScratchMaps::read_output(size_t member, int64_t bundle, NetworkOutput& output) const {
  const StoredOutput& stored = outputs_.at({member, bundle});
  output.pending.reset();
  read(stored.scoremap_logits, output.scoremap_logits);
  read(stored.locref, output.locref);
}

}  // namespace posse
