// SPDX-License-Identifier: Apache-2.0
#include "base/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"

namespace sloburn {
namespace {

absl::Status FileError(const char* operation, const std::string& path, int error) {
  std::string reason = std::strerror(error);
  if (!reason.empty()) reason[0] = absl::ascii_tolower(reason[0]);
  const std::string text = StrCat(operation, " ", path, ": ", reason);
  if (error == ENOENT) return absl::NotFoundError(text);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(text);
  return absl::UnavailableError(text);
}

// Closes on every way out.
struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  const int fd;
};

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) return FileError("open", path, errno);
  std::string text;
  char chunk[64 << 10];
  for (;;) {
    const ssize_t size = read(file.fd, chunk, sizeof chunk);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return FileError("read", path, errno);
    if (size == 0) return text;
    text.append(chunk, static_cast<size_t>(size));
    if (text.size() > max_bytes) {
      return absl::ResourceExhaustedError(
          StrCat("read ", path, ": larger than the limit of ", max_bytes, " bytes"));
    }
  }
}

}  // namespace sloburn
