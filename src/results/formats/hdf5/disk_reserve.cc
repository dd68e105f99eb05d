#include "results/formats/hdf5/disk_reserve.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace posse {
namespace {

[[noreturn]] void fail(int code) { throw Error(ErrorKind::io, std::strerror(code)); }

}  // namespace

DiskReserve::DiskReserve(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_WRONLY | O_CLOEXEC)) {
  if (fd_ < 0) fail(errno);
}

DiskReserve::~DiskReserve() {
  if (fd_ >= 0) ::close(fd_);
}

void DiskReserve::reserve(uint64_t bytes) {
  if (bytes <= reserved_) return;
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes) fail(EFBIG);
  const auto start = static_cast<off_t>(reserved_);
  const auto length = static_cast<off_t>(bytes - reserved_);
  while (::fallocate(fd_, FALLOC_FL_KEEP_SIZE, start, length) != 0) {
    if (errno == EINTR) continue;
    if (errno == EOPNOTSUPP || errno == ENOSYS) break;
    fail(errno);
  }
  reserved_ = bytes;
}

void DiskReserve::release_rest() {
  struct stat status {};
  if (::fstat(fd_, &status) != 0 || ::ftruncate(fd_, status.st_size) != 0) fail(errno);
}

}  // namespace posse
