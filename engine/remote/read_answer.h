// SPDX-License-Identifier: Apache-2.0
// The answers of remote read, from a snapshot.
//
//   ReadAnswerer answerer(*snapshot, queries, options);
//   ASSIGN_OR_RETURN(std::string body, answerer.Sampled());
//   RETURN_IF_ERROR(answerer.Streamed(sink));  // or this one
//
// Series are in the order of their own label sets, as Prometheus sends them; then they get the
// external labels that they lack. Series without a sample in the query's range are left out.
// Start timestamps of samples are not sent: the chunk types that hold them are newer than most
// clients. Native histograms are sent with float counts in both forms.
// Ownership: borrows everything. Threads: one at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/read_request.h"
#include "engine/storage/storage.h"

namespace sloburn::remote {

struct ReadAnswerOptions {
  ExternalLabels external_labels = {};
  int64_t max_samples = 50'000'000;        // of one query of a sampled answer; 0: no limit
  size_t max_bytes = size_t{1} << 30;      // of a sampled answer, before compression
  size_t max_bytes_in_frame = 1 << 20;     // a frame ends with the first chunk beyond
  const std::atomic<bool>* cancelled = nullptr;
};

struct ReadAnswerStats {
  int64_t series = 0, samples = 0, chunks = 0, frames = 0;
};

class ReadAnswerer {
 public:
  // Takes a piece of the answer. An error ends it and is returned.
  using Sink = std::function<absl::Status(std::string piece)>;

  ReadAnswerer(const Snapshot& snapshot, const std::vector<ReadQuery>& queries,
               const ReadAnswerOptions& options)
      : snapshot_(snapshot), queries_(queries), options_(options) {}

  // A ReadResponse, compressed. Errors: ResourceExhausted for a limit, in Prometheus' words;
  // Cancelled; those of the snapshot.
  absl::StatusOr<std::string> Sampled();

  // Frames of ChunkedReadResponse messages, in pieces of some frames: each is at most about one
  // frame longer than max_bytes_in_frame, and nothing else is kept. Errors: those of `sink` and of
  // the snapshot; Cancelled.
  absl::Status Streamed(const Sink& sink);

  const ReadAnswerStats& stats() const { return stats_; }

 private:
  absl::StatusOr<SeriesSet> SelectSorted(const ReadQuery& query) const;
  absl::Status CheckCancelled() const;
  absl::Status AddSampledQuery(const ReadQuery& query, std::string& response);
  absl::Status StreamQuery(size_t query_index, const Sink& sink, std::string& piece);

  const Snapshot& snapshot_;
  const std::vector<ReadQuery>& queries_;
  const ReadAnswerOptions& options_;
  ReadAnswerStats stats_;
};

}  // namespace sloburn::remote
