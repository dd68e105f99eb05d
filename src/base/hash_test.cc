#include "base/hash.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace posse {
namespace {

// Test vectors of FIPS 180-2, appendix B.
TEST(Sha256, GivesThePublishedDigests) {
  Sha256 abc;
  abc.update("abc");
  EXPECT_EQ(abc.finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 pieces;
  pieces.update("abcdbcdecdefdefgefghfghighijhijk");
  pieces.update("ijkljklmklmnlmnomnopnopq");
  EXPECT_EQ(pieces.finish(), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, MissingFileIsAnError) { EXPECT_THROW(sha256_of_file("/nonexistent/file"), Error); }

}  // namespace
}  // namespace posse
