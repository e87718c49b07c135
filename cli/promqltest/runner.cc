// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/runner.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "base/read_file.h"
#include "base/status_macros.h"
#include "cli/exit_status.h"
#include "cli/promqltest/comparison.h"
#include "cli/promqltest/pin_selectors.h"
#include "cli/promqltest/script.h"
#include "cli/promqltest/script_storage.h"
#include "engine/engine.h"
#include "engine/result_difference.h"
#include "parser/printer.h"

namespace sloburn::cli {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr size_t kMaxScriptBytes = 64 << 20;

engine::QueryOptions UpstreamOptions(const engine::PlanOptions& plan) {
  engine::QueryOptions options;
  options.plan = plan;
  options.parse.enable_experimental_functions = true;
  options.parse.enable_extended_range_selectors = true;
  options.parse.enable_binop_fill_modifiers = true;
  options.delayed_name_removal = true;
  options.use_start_timestamps = true;
  options.max_samples = 10'000;
  options.timeout = absl::Seconds(100);
  return options;
}

engine::PlanOptions PlanOf(const PromqltestOptions& options) {
  if (options.plan_passes == PlanPasses::kOff) return engine::PlanOptions::NoPasses();
  engine::PlanOptions plan;
  plan.chunk_summaries = options.chunk_summaries;
  return plan;
}

// What docs/exactness.md promises.
double ToleranceOf(const std::string& expr) {
  const bool has_deviation = expr.find("stddev_over_time") != std::string::npos ||
                             expr.find("stdvar_over_time") != std::string::npos;
  return has_deviation ? 1e-9 : 0;
}

class ScriptRunner {
 public:
  explicit ScriptRunner(const PromqltestOptions& options)
      : options_(UpstreamOptions(PlanOf(options))),
        compares_(options.plan_passes == PlanPasses::kBoth),
        storage_(ChunkSizes::Of(options.chunk_samples), options.is_on_disk),
        reference_(ChunkSizes(), false) {
    options_.threads = options.threads;
    options_.parse.max_nesting = options.max_nesting;
    // Scripts are small; where several threads are asked for, they are to work.
    if (options.threads > 1) options_.min_parallel_samples = 0;
  }

  // Also before the first command.
  absl::Status Clear() {
    RETURN_IF_ERROR(reference_.Clear());
    return storage_.Clear();
  }

  absl::Status Load(const LoadCommand& load) {
    if (compares_) RETURN_IF_ERROR(reference_.Load(load));
    return storage_.Load(load);
  }

  absl::Status Eval(const EvalCommand& eval) {
    const absl::Status status = EvalExpression(eval, eval.expr, eval.range);
    if (!status.ok() || eval.is_range_query) return status;
    return EvalPinned(eval);
  }

 private:
  absl::Status EvalExpression(const EvalCommand& eval, const std::string& expr,
                              const TimeRange& range) {
    const auto result = Evaluate(storage_, options_, expr, range, eval.is_range_query);
    RETURN_IF_ERROR(CompareWithoutPasses(expr, range, eval.is_range_query, result));
    return Judge(eval, result, range);
  }

  static absl::StatusOr<engine::QueryResult> Evaluate(const ScriptStorage& storage,
                                                      const engine::QueryOptions& options,
                                                      const std::string& expr,
                                                      const TimeRange& range, bool as_range) {
    ASSIGN_OR_RETURN(const engine::PreparedQuery query, engine::Prepare(expr, options));
    return engine::Execute(query, *storage.storage().TakeSnapshot(), range, options, as_range);
  }

  // `result` is that of the query with the optimising passes.
  absl::Status CompareWithoutPasses(const std::string& expr, const TimeRange& range, bool as_range,
                                    const absl::StatusOr<engine::QueryResult>& result) const {
    if (!compares_) return absl::OkStatus();
    const engine::QueryOptions without = UpstreamOptions(engine::PlanOptions::NoPasses());
    const std::string difference = engine::DescribeDifference(
        result, Evaluate(reference_, without, expr, range, as_range), ToleranceOf(expr));
    if (difference.empty()) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat("the plan passes, or how samples are kept, change the result: ", difference));
  }

  absl::Status Judge(const EvalCommand& eval, const absl::StatusOr<engine::QueryResult>& result,
                     const TimeRange& range) const {
    if (!result.ok()) {
      if (!eval.fail) return result.status();
      if (TextMatches(*eval.fail, std::string(result.status().message()))) return absl::OkStatus();
      return absl::FailedPreconditionError(
          absl::StrCat("expected the error \"", eval.fail->text,
                       "\", got: ", std::string(result.status().message())));
    }
    if (eval.fail) return absl::FailedPreconditionError("expected an error, got none");
    RETURN_IF_ERROR(CheckAnnotations(eval.warnings, eval.any_warning, eval.no_warnings,
                                     result->warnings, "warnings"));
    RETURN_IF_ERROR(
        CheckAnnotations(eval.infos, eval.any_info, eval.no_infos, result->infos, "infos"));
    return eval.is_range_query ? CompareRange(eval, result->value)
                               : CompareInstant(eval, result->value, range.start_ms);
  }

  static absl::Status CheckAnnotations(const std::vector<ExpectedText>& expected, bool any,
                                       bool none, const std::vector<std::string>& got,
                                       const char* kind) {
    if ((any || !expected.empty()) && got.empty()) {
      return absl::FailedPreconditionError(absl::StrCat("expected ", kind, ", got none"));
    }
    if (none && !got.empty()) {
      return absl::FailedPreconditionError(absl::StrCat("unexpected ", kind, ": ", got[0]));
    }
    for (const ExpectedText& text : expected) {
      bool is_found = false;
      for (const std::string& actual : got) is_found |= TextMatches(text, actual);
      if (!is_found) {
        return absl::FailedPreconditionError(
            absl::StrCat("expected ", kind, " \"", text.text, "\", got: ", got[0]));
      }
    }
    for (const std::string& actual : got) {
      bool is_expected = expected.empty();
      for (const ExpectedText& text : expected) is_expected |= TextMatches(text, actual);
      if (!is_expected) {
        return absl::FailedPreconditionError(absl::StrCat("unexpected ", kind, ": ", actual));
      }
    }
    return absl::OkStatus();
  }

  // The same query with @ at its time must give the same at other times.
  absl::Status EvalPinned(const EvalCommand& eval) {
    const int64_t time = eval.range.start_ms;
    RETURN_IF_ERROR(EvalAround(eval, eval.expr, time));
    auto expr = parser::Parse(eval.expr, options_.parse);
    if (!expr.ok()) return absl::OkStatus();  // an expected failure
    if (!PinSelectors(**expr, time)) return absl::OkStatus();
    const std::string pinned = parser::Print(**expr);
    const std::vector<int64_t> times =
        time == 0 ? std::vector<int64_t>{-1000, 0, 1000}
                  : std::vector<int64_t>{-10 * time, 0, time / 5, time, 10 * time};
    for (const int64_t at : times) {
      const absl::Status status = EvalExpression(eval, pinned, TimeRange::Instant(at));
      if (!status.ok()) return Annotate(status, absl::StrCat("as `", pinned, "` at ", at, " ms: "));
      RETURN_IF_ERROR(EvalAround(eval, pinned, at));
    }
    return absl::OkStatus();
  }

  static absl::Status Annotate(const absl::Status& status, const std::string& how) {
    return absl::Status(status.code(), absl::StrCat(how, std::string(status.message())));
  }

  // The middle step of a range query over a minute before and after.
  absl::Status EvalAround(const EvalCommand& eval, const std::string& expr, int64_t time) {
    const bool is_comparable =
        !eval.is_ordered && !eval.string_result && !eval.range_vector && !eval.fail &&
        expr.find("start()") == std::string::npos && expr.find("end()") == std::string::npos &&
        expr.find("range()") == std::string::npos && expr.find("step()") == std::string::npos;
    if (!is_comparable) return absl::OkStatus();
    const auto query = engine::Prepare(expr, options_);
    if (!query.ok()) return query.status();
    if (query->type() == engine::ValueType::kRangeVector) return absl::OkStatus();
    const TimeRange around = {time - kMinuteMs, time + kMinuteMs, kMinuteMs};
    const auto result =
        engine::Execute(*query, *storage_.storage().TakeSnapshot(), around, options_);
    RETURN_IF_ERROR(CompareWithoutPasses(expr, around, false, result));
    if (!result.ok()) return Annotate(result.status(), "as a range query: ");
    const Matrix& matrix = std::get<Matrix>(result->value);
    RETURN_IF_ERROR(CheckSorted(matrix));
    QueryValue middle;
    if (query->type() == engine::ValueType::kScalar) {
      middle = ScalarResult{time, matrix[0].samples[1].value};
    } else {
      InstantVector vector;
      for (const SeriesSamples& series : matrix) {
        for (const Sample& sample : series.samples) {
          if (sample.timestamp_ms == time) vector.push_back({series.labels, time, sample.value});
        }
        for (const HistogramSample& sample : series.histograms) {
          if (sample.timestamp_ms != time) continue;
          vector.push_back({series.labels, time, 0, sample.histogram});
        }
      }
      middle = std::move(vector);
    }
    const absl::Status status = CompareInstant(eval, middle, time);
    return status.ok() ? status : Annotate(status, "as a range query: ");
  }

  engine::QueryOptions options_;
  const bool compares_;
  ScriptStorage storage_;
  ScriptStorage reference_;  // where it compares: samples as they came
};

struct Tally {
  int passed = 0, failed = 0;
};

// Counts into `tally`; an error ends the file, what ran before it stays counted.
absl::Status RunFile(const std::string& file, const PromqltestOptions& options, std::ostream& out,
                     Tally& tally) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kMaxScriptBytes));
  ASSIGN_OR_RETURN(const std::vector<ScriptCommand> commands, ParseScript(file, text));
  ScriptRunner runner(options);
  RETURN_IF_ERROR(runner.Clear());
  for (const ScriptCommand& command : commands) {
    if (std::holds_alternative<ClearCommand>(command)) {
      RETURN_IF_ERROR(runner.Clear());
    } else if (const auto* load = std::get_if<LoadCommand>(&command)) {
      const absl::Status status = runner.Load(*load);
      if (!status.ok()) {
        return absl::InvalidArgumentError(
            absl::StrCat(file, ":", load->line, ": load: ", std::string(status.message())));
      }
    } else {
      const auto& eval = std::get<EvalCommand>(command);
      const absl::Status status = runner.Eval(eval);
      ++(status.ok() ? tally.passed : tally.failed);
      if (!status.ok() && options.is_verbose) {
        out << "  " << file << ":" << eval.line << ": " << eval.expr << "\n    " << status.message()
            << "\n";
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

int RunPromqltest(const std::vector<std::string>& files, const PromqltestOptions& options,
                  std::ostream& out) {
  Tally total;
  size_t broken = 0;
  for (const std::string& file : files) {
    Tally tally;
    const absl::Status status = RunFile(file, options, out, tally);
    if (status.ok()) {
      out << file << ": " << tally.passed << " passed, " << tally.failed << " failed\n";
    } else {
      out << "error: " << status.message() << "\n";  // names the file
      ++broken;
    }
    total.passed += tally.passed;
    total.failed += tally.failed;
  }
  out << total.passed << " passed, " << total.failed << " failed";
  if (broken > 0) out << ", " << broken << (broken == 1 ? " file" : " files") << " with errors";
  out << "\n";
  return total.failed > 0 || broken > 0 ? kExitProblems : kExitOk;
}

}  // namespace sloburn::cli
