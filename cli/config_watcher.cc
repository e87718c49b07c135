// SPDX-License-Identifier: Apache-2.0
#include "cli/config_watcher.h"

#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "base/read_file.h"
#include "base/str_cat.h"
#include "rules/file_patterns.h"

namespace sloburn::cli {
namespace {

constexpr size_t kMaxFileBytes = 64 << 20;

class Digest {
 public:
  Digest() { XXH3_128bits_reset(state_.get()); }
  void Add(std::string_view text) {
    // Its length keeps apart what would read the same together.
    const uint64_t size = text.size();
    XXH3_128bits_update(state_.get(), &size, sizeof size);
    XXH3_128bits_update(state_.get(), text.data(), text.size());
  }
  void AddFile(const std::string& path) {
    const absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes);
    Add(path);
    Add(text.ok() ? *text : std::string(text.status().message()));
  }
  std::string Text() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    return StrCat(hash.high64, "-", hash.low64);
  }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  const std::unique_ptr<XXH3_state_t, Free> state_{XXH3_createState()};
};

}  // namespace

std::string DigestFiles(const std::string& file, const std::vector<std::string>& patterns) {
  Digest digest;
  digest.AddFile(file);
  for (const std::string& pattern : patterns) {
    const auto paths =
        rules::ExpandFilePatterns({pattern}, std::numeric_limits<size_t>::max(), "files");
    digest.Add(pattern);
    if (!paths.ok()) continue;
    for (const std::string& path : *paths) digest.AddFile(path);
  }
  return digest.Text();
}

ConfigWatcher::ConfigWatcher(absl::Duration first, std::function<absl::Duration()> look)
    : look_(std::move(look)), thread_([this, first] { Run(first); }) {}

void ConfigWatcher::Run(absl::Duration delay) {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(&is_stopping_), delay);
      if (is_stopping_) return;
    }
    delay = look_();
  }
}

void ConfigWatcher::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    is_stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace sloburn::cli
