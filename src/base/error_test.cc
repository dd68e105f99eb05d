#include "base/error.h"

#include <gtest/gtest.h>

namespace posse {
namespace {

TEST(Error, SaysMessageThenHaveThenHint) {
  const Error error(ErrorKind::not_found, "snapshot 'a' not found in train",
                    {.have = "snapshot-5", .hint = "posse info PROJECT lists them"});
  EXPECT_STREQ(
      error.what(),
      "snapshot 'a' not found in train\n  have: snapshot-5\n  hint: posse info PROJECT lists them");
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
}

TEST(Error, LeavesOutEmptyNotes) {
  EXPECT_STREQ(Error(ErrorKind::io, "disk full").what(), "disk full");
}

}  // namespace
}  // namespace posse
