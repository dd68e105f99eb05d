// Damaged and hostile HDF5 files: whatever stands in them, reading ends with a table or an error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "results/table/table_reader.h"
#include "results/table/table_writer.h"
#include "support/shared_data.h"

#if defined(__SANITIZE_ADDRESS__)  // GCC
#define POSSE_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)  // Clang
#define POSSE_ADDRESS_SANITIZER
#endif
#endif
#ifdef POSSE_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr int kFilesPerProcess = 25;

std::string damaged(const std::string& good, std::mt19937& random) {
  // Headers and attributes say what is allocated and followed: most edits go there.
  constexpr std::array<unsigned char, 8> kBytes = {0x00, 0x01, 0x7F, 0x80, 0xFF, 0xFE, 0x08, 0x40};
  std::string bytes = good;
  const size_t front = std::min<size_t>(bytes.size(), 6000);
  for (auto edits = 1 + random() % 6; edits > 0; --edits) {
    const size_t at = random() % (random() % 4 == 0 ? bytes.size() : front);
    const size_t run = random() % 8 == 0 ? 1 + random() % 8 : 1;
    for (size_t i = at; i < std::min(at + run, bytes.size()); ++i) {
      bytes[i] = static_cast<char>(random() % 3 == 0 ? random() : kBytes[random() % 8]);
    }
  }
  if (random() % 16 == 0) bytes.resize(random() % bytes.size());
  return bytes;
}

void write_plainly(const fs::path& path, const std::string& bytes) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  std::fwrite(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
}

/// What the child process does with one file; posse::Error is the only exception allowed.
void read_all_ways(const fs::path& path) {
  for (const auto& read : {std::function<void()>([&] { read_raw_table(path); }),
                           std::function<void()>([&] { read_pose_table(path); })}) {
    try {
      read();
    } catch (const Error&) {
    }
  }
}

void write_report_to([[maybe_unused]] const fs::path& path) {
#ifdef POSSE_ADDRESS_SANITIZER
  __sanitizer_set_report_path(path.c_str());  // with ".PID" behind it
#endif
}

/// True if AddressSanitizer stopped the process for what the HDF5 library alone did: version 1.10
/// itself reads freed memory where attributes are damaged, and there is nothing between it and the
/// file. Every stack of the report, that of the memory's allocation too, must begin in the library:
/// a buffer of ours that is too small is our fault, whoever writes to it.
bool is_fault_of_the_library(const fs::path& report) {
  if (!fs::exists(report)) return false;
  std::istringstream lines(read_file(report));
  int num_stacks = 0;
  int num_in_library = 0;
  int frame = 0;
  bool counted = false;
  for (std::string line; std::getline(lines, line) && line.find("SUMMARY") == std::string::npos;) {
    if (line.find("    #") != 0) continue;
    if (line.find("    #0 ") == 0) {
      ++num_stacks;
      frame = 0;
      counted = false;
    }
    if (!counted && frame++ < 3 && line.find("libhdf5") != std::string::npos) {
      ++num_in_library;
      counted = true;
    }
  }
  return num_stacks > 0 && num_in_library == num_stacks;
}

/// Reads damaged copies of a file in a child process, where a crash or a hang does no harm.
/// @return the seed after the last one read, and how the process ended if not well
std::pair<int, std::string> read_some(const std::string& good, int first, int stop,
                                      const fs::path& folder) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);  // a file that keeps HDF5 busy for ever is a failure too
    write_report_to(folder / "report");
    for (int seed = first; seed < stop; ++seed) {
      std::mt19937 random(static_cast<unsigned>(seed));
      const fs::path path = folder / "damaged.h5";
      write_plainly(path, damaged(good, random));
      write_plainly(folder / "seed", std::to_string(seed));
      read_all_ways(path);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {stop, ""};
  const int seed = std::stoi(read_file(folder / "seed"));
  if (is_fault_of_the_library(folder / ("report." + std::to_string(child)))) return {seed + 1, ""};
  return {seed + 1, "seed " + std::to_string(seed) +
                        (WIFSIGNALED(status) ? " signal " + std::to_string(WTERMSIG(status))
                                             : " exit " + std::to_string(WEXITSTATUS(status)))};
}

/// @return of each process that did not end well, which seed and how
std::vector<std::string> read_damaged(const std::string& good, int rounds, const fs::path& folder) {
  std::vector<std::string> failures;
  for (int seed = 0; seed < rounds;) {
    const auto [next, failure] =
        read_some(good, seed, std::min(rounds, seed + kFilesPerProcess), folder);
    if (!failure.empty()) failures.push_back(failure);
    seed = next;
  }
  return failures;
}

int rounds_wanted() {
  const char* const wish = std::getenv("POSSE_MUTATIONS");
  return wish != nullptr ? std::atoi(wish) : 200;
}

std::string bytes_of_written_table(const fs::path& folder) {
  RawTable table;
  table.header = make_table_header("DLC_net", std::vector<std::string>{"nose", "tail"},
                                   std::vector<std::string>{"x", "y", "likelihood"});
  table.frame_index = {0, 1, 2};
  table.values.assign(18, 0.5);
  write_raw_table(folder / "good.h5", table);
  // Behind the rows lies a chunk's unused room, which takes no part.
  std::string bytes = read_file(folder / "good.h5");
  return bytes;
}

TEST(DamagedHdf5, WrittenTablesNeverDoMoreThanFail) {
  const TemporaryFolder folder;
  EXPECT_THAT(read_damaged(bytes_of_written_table(folder.path()), rounds_wanted(), folder.path()),
              ::testing::IsEmpty());
}

class DamagedFile : public ::testing::TestWithParam<const char*> {};

TEST_P(DamagedFile, NeverDoesMoreThanFail) {
  const fs::path path = testing::source_folder() / "tests/fuzz/bases" / GetParam();
  const TemporaryFolder folder;
  EXPECT_THAT(read_damaged(read_file(path), rounds_wanted(), folder.path()), ::testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Layouts, DamagedFile,
                         ::testing::Values("pandas_table.h5", "pandas_fixed.h5", "pandas_labels.h5",
                                           "analysis.h5", "project.slp"));

class DamagedRealFile : public ::testing::TestWithParam<const char*> {};

TEST_P(DamagedRealFile, NeverDoesMoreThanFail) {
  POSSE_SHARED_OR_SKIP(path, GetParam());
  const TemporaryFolder folder;
  EXPECT_THAT(read_damaged(read_file(path), rounds_wanted(), folder.path()), ::testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, DamagedRealFile,
    ::testing::Values("dlc-tables/test-run-2019/machinelabels-iter0.h5",
                      "dlc-tables/multi-animal/CollectedData_dlc_team.h5",
                      "dlc-tables/test-run-2019/CollectedData_Alex.h5",
                      "torch-checkpoints/minimal_instance_centroid/labels_train_gt_0.slp"));

}  // namespace
}  // namespace posse
