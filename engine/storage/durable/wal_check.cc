// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/wal_check.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "base/str_cat.h"

namespace sloburn {
namespace {

constexpr uint32_t kMagic = 0x377f0682;  // the lowest bit: words of checksums are big-endian
constexpr size_t kHeaderBytes = 32, kFrameHeaderBytes = 24, kMostPageBytes = 65536;

uint32_t BigEndian(const uint8_t* at) {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3];
}
uint32_t LittleEndian(const uint8_t* at) {
  return uint32_t{at[3]} << 24 | uint32_t{at[2]} << 16 | uint32_t{at[1]} << 8 | at[0];
}

struct Checksum {
  bool is_big_endian;
  uint32_t first = 0, second = 0;

  // `size` is a multiple of 8.
  void Add(const uint8_t* bytes, size_t size) {
    const auto word = is_big_endian ? BigEndian : LittleEndian;
    for (size_t i = 0; i < size; i += 8) {
      first += word(bytes + i) + second;
      second += word(bytes + i + 4) + first;
    }
  }
  bool Matches(const uint8_t* at) const {
    return BigEndian(at) == first && BigEndian(at + 4) == second;
  }
};

struct CloseFile {
  void operator()(FILE* file) const { fclose(file); }
};

}  // namespace

absl::StatusOr<WalCheck> CheckWal(const std::string& path) {
  const std::unique_ptr<FILE, CloseFile> file(fopen(path.c_str(), "rb"));
  if (file == nullptr) {
    if (errno == ENOENT) return WalCheck();
    return absl::InternalError(StrCat(path, ": ", std::strerror(errno)));
  }
  uint8_t header[kHeaderBytes];
  if (fread(header, 1, sizeof header, file.get()) < sizeof header) return WalCheck();
  Checksum checksum{(BigEndian(header) & 1) != 0};
  checksum.Add(header, 24);
  const size_t page_bytes = BigEndian(header + 8);
  const bool is_header_good = (BigEndian(header) & ~1U) == kMagic && checksum.Matches(header + 24) &&
                              page_bytes >= 512 && page_bytes <= kMostPageBytes;
  std::vector<uint8_t> frame(kFrameHeaderBytes + (is_header_good ? page_bytes : 0));
  WalCheck check;
  if (!is_header_good) {
    // Without its header nothing in it can be told apart.
    check.lost_commits = fread(header, 1, 1, file.get()) == 1 ? 1 : 0;
    return check;
  }
  // Frames of an older log, which this one has not yet written over, have other salts.
  const auto is_own = [&] {
    return std::memcmp(frame.data() + 8, header + 16, 4) == 0 ||
           std::memcmp(frame.data() + 12, header + 20, 4) == 0;
  };
  int64_t frames = 0, own_bad_frames = 0;
  bool ends_with_commit = false;
  size_t size = 0;
  while ((size = fread(frame.data(), 1, frame.size(), file.get())) == frame.size()) {
    checksum.Add(frame.data(), 8);
    checksum.Add(frame.data() + kFrameHeaderBytes, page_bytes);
    const bool is_good = check.good_frames == frames++ && is_own() &&
                         checksum.Matches(frame.data() + 16);
    check.good_frames += is_good ? 1 : 0;
    if (is_good || !is_own()) continue;
    ++own_bad_frames;
    ends_with_commit = BigEndian(frame.data() + 4) != 0;
    check.lost_commits += ends_with_commit ? 1 : 0;
  }
  // The remains of a commit that failed look like this, too.
  check.is_torn = own_bad_frames == 0 ? size > kHeaderBytes && is_own()
                                      : check.lost_commits <= (ends_with_commit ? 1 : 0);
  if (check.is_torn) check.lost_commits = 0;
  return check;
}

}  // namespace sloburn
