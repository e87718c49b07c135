// SPDX-License-Identifier: Apache-2.0
#include "cli/import_metrics.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/thousands.h"

namespace sloburn::cli {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kRequestsAhead = 10;
constexpr int64_t kLinesPerReport = 1024;
constexpr absl::Duration kPoll = absl::Milliseconds(5);

// The lines of a file, without their line feeds.
class LineReader {
 public:
  LineReader(std::FILE* file, std::string name, size_t max_line_bytes)
      : file_(file), name_(std::move(name)), max_line_bytes_(max_line_bytes) {}

  // False at the end. `line` is valid until the next call.
  absl::StatusOr<bool> Next(std::string_view& line) {
    while (true) {
      const size_t end = buffer_.find('\n', searched_);
      if (end != std::string::npos) return Take(end, end + 1, line);
      searched_ = buffer_.size();
      if (buffer_.size() - begin_ > max_line_bytes_) return TooLong();
      if (is_at_end_) {
        if (begin_ == buffer_.size()) return false;
        return Take(buffer_.size(), buffer_.size(), line);
      }
      RETURN_IF_ERROR(Fill());
    }
  }

  int64_t bytes() const { return bytes_; }  // read so far
  int64_t number() const { return number_; }  // of the last line, from 1

 private:
  absl::StatusOr<bool> Take(size_t end, size_t next, std::string_view& line) {
    if (end - begin_ > max_line_bytes_) return TooLong();
    line = std::string_view(buffer_).substr(begin_, end - begin_);
    begin_ = searched_ = next;
    ++number_;
    return true;
  }

  absl::Status TooLong() const {
    return absl::InvalidArgumentError(StrCat(name_, ":", number_ + 1,
                                             ":1: the line is longer than ", max_line_bytes_,
                                             " bytes (--max-line-bytes)"));
  }

  absl::Status Fill() {
    buffer_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    const size_t had = buffer_.size();
    buffer_.resize(had + kReadBytes);
    const size_t got = std::fread(buffer_.data() + had, 1, kReadBytes, file_);
    buffer_.resize(had + got);
    bytes_ += static_cast<int64_t>(got);
    if (got == kReadBytes) return absl::OkStatus();
    if (std::ferror(file_) != 0) {
      return absl::UnavailableError(StrCat("cannot read ", name_, ": ", std::strerror(errno)));
    }
    is_at_end_ = true;
    return absl::OkStatus();
  }

  std::FILE* const file_;
  const std::string name_;
  const size_t max_line_bytes_;
  std::string buffer_;
  size_t begin_ = 0;     // of the next line
  size_t searched_ = 0;  // no line feed before this
  bool is_at_end_ = false;
  int64_t bytes_ = 0, number_ = 0;
};

// Keeps some requests waiting and no more.
class Sender {
 public:
  Sender(remote::RemoteWriter& writer, const ImportOptions& options)
      : writer_(writer), options_(options) {}

  absl::Status Add(const SeriesSample& sample) {
    batch_.push_back(sample);
    if (batch_.size() < options_.writer.max_samples_per_send) return absl::OkStatus();
    return SendBatch(kRequestsAhead * options_.writer.max_samples_per_send);
  }

  absl::Status Finish() { return SendBatch(0); }

 private:
  // Until at most `most_pending` samples wait.
  absl::Status SendBatch(size_t most_pending) {
    writer_.Enqueue(std::exchange(batch_, {}));
    if (most_pending == 0) writer_.Flush();
    while (true) {
      const remote::RemoteWriteStats stats = writer_.Stats();
      if (stats.samples_failed > 0) {
        return absl::FailedPreconditionError(
            StrCat("the server refused ", stats.samples_failed, " samples after it had taken ",
                   stats.samples_sent, stats.last_error.empty() ? "" : ": ", stats.last_error));
      }
      const absl::Time now = absl::Now();
      if (stats.samples_sent > last_sent_ || stats.samples_pending == 0) last_progress_ = now;
      last_sent_ = stats.samples_sent;
      if (stats.samples_pending <= static_cast<int64_t>(most_pending)) return absl::OkStatus();
      if (now - last_progress_ > options_.patience) {
        return absl::UnavailableError(
            StrCat("the server takes nothing: ",
                   stats.last_error.empty() ? "it does not answer" : stats.last_error));
      }
      writer_.WaitUntilSent(kPoll);
    }
  }

  remote::RemoteWriter& writer_;
  const ImportOptions& options_;
  std::vector<SeriesSample> batch_;
  int64_t last_sent_ = 0;
  absl::Time last_progress_ = absl::Now();
};

absl::Status ReadAll(LineReader& lines, const std::string& name,
                     openmetrics::MetricsTextParser& parser, Sender& sender,
                     const std::function<void(int64_t bytes)>& report) {
  std::string_view line;
  while (true) {
    ASSIGN_OR_RETURN(const bool is_line, lines.Next(line));
    if (!is_line) break;
    const auto kind = parser.Parse(line);
    if (!kind.ok()) {
      return absl::InvalidArgumentError(
          StrCat(name, ":", lines.number(), ":", std::string(kind.status().message())));
    }
    if (*kind == openmetrics::LineKind::kSample) RETURN_IF_ERROR(sender.Add(parser.sample()));
    if (lines.number() % kLinesPerReport == 0) report(lines.bytes());
  }
  if (const absl::Status end = parser.Finish(); !end.ok()) {
    return absl::InvalidArgumentError(
        StrCat(name, ":", lines.number() + 1, ":1: ", std::string(end.message())));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ImportProgress> ImportMetrics(
    std::FILE* file, const std::string& name, const ImportOptions& options,
    const std::function<void(const ImportProgress&)>& on_progress) {
  remote::RemoteWriterOptions writer_options = options.writer;
  writer_options.capacity = (kRequestsAhead + 2) * writer_options.max_samples_per_send;
  writer_options.sender.max_isolation_requests = 0;  // the first refusal is the end
  ASSIGN_OR_RETURN(const auto writer, remote::RemoteWriter::Create(std::move(writer_options)));
  openmetrics::MetricsTextParser parser(options.format);
  LineReader lines(file, name, options.max_line_bytes);
  Sender sender(*writer, options);
  absl::Status status = ReadAll(lines, name, parser, sender, [&](int64_t bytes) {
    if (on_progress) on_progress({bytes, writer->Stats().samples_sent});
  });
  const absl::Status sent = absl::IsInvalidArgument(status) || status.ok() ? sender.Finish()
                                                                           : absl::OkStatus();
  const int64_t samples = writer->Stats().samples_sent;
  if (absl::IsInvalidArgument(status)) {
    status = absl::InvalidArgumentError(StrCat(std::string(status.message()), " (",
                                               WithThousandsCommas(samples),
                                               " samples before it were sent)"));
  }
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(sent);
  return ImportProgress{lines.bytes(), samples};
}

}  // namespace sloburn::cli
