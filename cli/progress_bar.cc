// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace sloburn::cli {
namespace {
constexpr int kWidth = 30;
constexpr absl::Duration kPause = absl::Milliseconds(200);
}  // namespace

std::string ProgressBar(double fraction) {
  const double cut = std::clamp(fraction, 0.0, 1.0);
  const int filled = static_cast<int>(cut * kWidth);
  return absl::StrFormat("[%s%s] %3.0f%%", std::string(filled, '#'),
                         std::string(kWidth - filled, '.'), cut * 100);
}

ProgressLine::ProgressLine(bool is_wanted)
    : is_shown_(is_wanted && isatty(STDERR_FILENO) != 0) {}

bool ProgressLine::IsDue() const { return is_shown_ && absl::Now() - last_ >= kPause; }

void ProgressLine::Show(const std::string& text) {
  if (!is_shown_) return;
  last_ = absl::Now();
  has_begun_ = true;
  // What the text before had more is wiped out.
  std::fprintf(stderr, "\r%s\033[K", text.c_str());
}

void ProgressLine::Finish() {
  if (has_begun_) std::fputc('\n', stderr);
  has_begun_ = false;
}

}  // namespace sloburn::cli
