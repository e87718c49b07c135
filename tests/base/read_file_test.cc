// SPDX-License-Identifier: Apache-2.0
#include "base/read_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace sloburn {
namespace {

std::string TempPath(const char* name) { return ::testing::TempDir() + "/" + name; }

TEST(ReadFile, ReadsAllBytes) {
  const std::string path = TempPath("read_file_test");
  const std::string text = std::string(200'000, 'x') + std::string("\0\n", 2);
  std::ofstream(path, std::ios::binary) << text;
  const auto read = ReadFile(path, 1 << 20);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, text);
  const auto exact = ReadFile(path, text.size());
  EXPECT_TRUE(exact.ok()) << exact.status();
  const auto too_large = ReadFile(path, text.size() - 1);
  EXPECT_TRUE(absl::IsResourceExhausted(too_large.status())) << too_large.status();
  std::filesystem::remove(path);
}

TEST(ReadFile, ErrorsReadAsGoPrograms) {
  const std::string path = TempPath("no_such_file");
  const auto read = ReadFile(path, 10);
  EXPECT_TRUE(absl::IsNotFound(read.status()));
  EXPECT_EQ(read.status().message(), "open " + path + ": no such file or directory");
  const auto folder = ReadFile(::testing::TempDir(), 10);
  EXPECT_TRUE(absl::IsUnavailable(folder.status())) << folder.status();
}

}  // namespace
}  // namespace sloburn
