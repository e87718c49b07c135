// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/script.h"

#include <re2/re2.h>

#include <unordered_map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/promqltest/start_offsets.h"
#include "parser/literals.h"
#include "parser/parser.h"
#include "parser/printer.h"

namespace sloburn::cli {
namespace {

std::vector<std::string> Words(const std::string& line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

// What follows the first `count` words.
std::string After(const std::string& line, int count) {
  size_t at = 0;
  for (int i = 0; i < count; ++i) {
    at = line.find_first_not_of(" \t", at);
    at = line.find_first_of(" \t", at);
    if (at == std::string::npos) return "";
  }
  const size_t begin = line.find_first_not_of(" \t", at);
  return begin == std::string::npos ? "" : line.substr(begin);
}

Labels ToLabels(const std::vector<parser::LabelPair>& pairs) {
  std::vector<Label> labels;
  for (const parser::LabelPair& pair : pairs) labels.push_back({pair.name, pair.value});
  return Labels::FromPairs(std::move(labels));
}

class ScriptReader {
 public:
  ScriptReader(std::string_view file, std::string_view text) : file_(file) {
    for (const absl::string_view line :
         absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
      std::string trimmed(absl::StripAsciiWhitespace(line));
      // A comment is a blank line: it ends a body.
      lines_.push_back(trimmed[0] == '#' ? "" : std::move(trimmed));
    }
  }

  absl::StatusOr<std::vector<ScriptCommand>> Run() {
    std::vector<ScriptCommand> commands;
    while (next_ < lines_.size()) {
      if (lines_[next_].empty()) {
        ++next_;
        continue;
      }
      ASSIGN_OR_RETURN(ScriptCommand command, Command());
      commands.push_back(std::move(command));
    }
    return commands;
  }

 private:
  template <typename... Parts>
  absl::Status Error(const Parts&... parts) const {
    return absl::InvalidArgumentError(absl::StrCat(file_, ":", line_, ": ", parts...));
  }
  absl::Status Wrap(const absl::Status& status) const {
    return Error(std::string(status.message()));
  }

  // Moves to the next line of a body; nullptr at its end.
  const std::string* BodyLine() {
    if (next_ >= lines_.size() || lines_[next_].empty()) return nullptr;
    line_ = static_cast<int>(next_) + 1;
    return &lines_[next_++];
  }

  absl::StatusOr<ScriptCommand> Command() {
    const std::string line = *BodyLine();
    const std::string word = absl::AsciiStrToLower(Words(line)[0]);
    if (word == "clear") return ClearCommand();
    if (word == "load" || word == "load_with_nhcb") return Load(line, word == "load_with_nhcb");
    if (absl::StartsWith(word, "eval")) return Eval(line, word);
    return Error("unknown command \"", word, "\"");
  }

  absl::StatusOr<ScriptCommand> Load(const std::string& line, bool with_custom_buckets) {
    const std::vector<std::string> words = Words(line);
    if (words.size() != 2) return Error("invalid load command; expected: load <step>");
    LoadCommand load;
    load.line = line_;
    load.with_custom_buckets = with_custom_buckets;
    ASSIGN_OR_RETURN(load.step_ms, Time(words[1]));
    std::unordered_map<Labels, size_t, LabelsHash> index;
    std::optional<PendingStarts> starts;
    while (const std::string* body = BodyLine()) {
      // Start timestamps stand in a line of their own before their series.
      if (StartLineMetric(*body)) {
        ASSIGN_OR_RETURN(starts, Starts(*body));
        continue;
      }
      ASSIGN_OR_RETURN(ScriptSeries series, Series(*body));
      if (starts) RETURN_IF_ERROR(SetStarts(*starts, series));
      starts.reset();
      // Of two lines for one series the later counts.
      const auto [entry, is_new] = index.try_emplace(series.labels, load.series.size());
      if (is_new) {
        load.series.push_back(std::move(series));
      } else {
        load.series[entry->second] = std::move(series);
      }
    }
    if (starts) return Error("@st line has no following sample line");
    return load;
  }

  struct PendingStarts {
    Labels labels;
    std::vector<std::optional<int64_t>> offsets_ms;
  };

  absl::StatusOr<PendingStarts> Starts(const std::string& line) const {
    const auto series = parser::ParseSeriesDescription(StrCat(*StartLineMetric(line), " _"));
    if (!series.ok()) return Wrap(series.status());
    auto offsets = ParseStartOffsets(line, kMaxScriptSteps);
    if (!offsets.ok()) return Wrap(offsets.status());
    return PendingStarts{ToLabels(series->labels), *std::move(offsets)};
  }

  absl::Status SetStarts(const PendingStarts& starts, ScriptSeries& series) const {
    if (!(starts.labels == series.labels)) {
      return Error("@st metric does not match the following sample line metric");
    }
    if (starts.offsets_ms.size() != series.values.size()) {
      return Error("@st line has ", starts.offsets_ms.size(), " values but sample line has ",
                   series.values.size());
    }
    for (size_t i = 0; i < series.values.size(); ++i) {
      series.values[i].start_offset_ms = starts.offsets_ms[i];
    }
    return absl::OkStatus();
  }

  absl::StatusOr<ScriptSeries> Series(const std::string& line) const {
    auto parsed = parser::ParseSeriesDescription(line);
    if (!parsed.ok()) return Wrap(parsed.status());
    auto values = ToScriptValues(parsed->values);
    if (!values.ok()) return Wrap(values.status());
    return ScriptSeries{ToLabels(parsed->labels), *std::move(values)};
  }

  absl::StatusOr<int64_t> Time(const std::string& text) const {
    const bool is_negative = absl::StartsWith(text, "-");
    auto ms = parser::ParseDuration(std::string_view(text).substr(is_negative ? 1 : 0));
    if (!ms.ok()) return Wrap(ms.status());
    return is_negative ? -*ms : *ms;
  }

  absl::StatusOr<ScriptCommand> Eval(const std::string& line, const std::string& word) {
    EvalCommand eval;
    eval.line = line_;
    eval.is_ordered = word == "eval_ordered";
    if (word == "eval_fail") eval.fail.emplace();
    eval.any_warning = word == "eval_warn";
    eval.any_info = word == "eval_info";
    const std::vector<std::string> words = Words(line);
    const std::string kind = words.size() > 1 ? absl::AsciiStrToLower(words[1]) : "";
    if (kind == "instant" && words.size() > 4 && absl::AsciiStrToLower(words[2]) == "at") {
      ASSIGN_OR_RETURN(const int64_t time, Time(words[3]));
      eval.range = TimeRange::Instant(time);
      eval.expr = After(line, 4);
    } else if (kind == "range" && words.size() > 8) {
      eval.is_range_query = true;
      ASSIGN_OR_RETURN(eval.range, Range(words, 2));
      eval.expr = After(line, 8);
    } else {
      return Error(
          "invalid eval command; expected: eval instant at <time> <query>, or "
          "eval range from <time> to <time> step <duration> <query>");
    }
    while (const std::string* body = BodyLine()) RETURN_IF_ERROR(EvalLine(*body, eval));
    return eval;
  }

  // `from T to T step D` starting at words[at].
  absl::StatusOr<TimeRange> Range(const std::vector<std::string>& words, size_t at) const {
    if (words.size() < at + 6 || words[at] != "from" || words[at + 2] != "to" ||
        words[at + 4] != "step") {
      return Error("expected: from <time> to <time> step <duration>");
    }
    TimeRange range;
    ASSIGN_OR_RETURN(range.start_ms, Time(words[at + 1]));
    ASSIGN_OR_RETURN(range.end_ms, Time(words[at + 3]));
    ASSIGN_OR_RETURN(range.step_ms, Time(words[at + 5]));
    if (range.end_ms < range.start_ms || range.step_ms <= 0) return Error("invalid time range");
    // The engine holds a column of all steps, so an unbounded range would take all memory.
    if (range.steps() > kMaxScriptSteps) {
      return Error("time range of ", range.steps(), " steps exceeds the limit of ",
                   kMaxScriptSteps, "; use a longer step");
    }
    return range;
  }

  absl::Status EvalLine(const std::string& line, EvalCommand& eval) {
    const std::vector<std::string> words = Words(line);
    if (words[0] == "expect") return Expect(line, words, eval);
    if (words[0] == "expected_fail_message") {
      eval.fail = ExpectedText{ExpectedText::Kind::kExact, After(line, 1)};
      return absl::OkStatus();
    }
    if (words[0] == "expected_fail_regexp") {
      ASSIGN_OR_RETURN(eval.fail, Regex(After(line, 1)));
      return absl::OkStatus();
    }
    if (words.size() == 1) {
      std::string text = line;
      const bool is_negative = text[0] == '-';
      if (is_negative || text[0] == '+') text = text.substr(1);
      const auto number = parser::ParseNumber(text);
      if (number.ok()) {
        eval.scalar = is_negative ? -*number : *number;
        return absl::OkStatus();
      }
    }
    ASSIGN_OR_RETURN(ScriptSeries series, Series(line));
    if (!eval.is_range_query && series.values.size() > 1 && !eval.range_vector) {
      return Error("expecting multiple values in instant evaluation not allowed");
    }
    eval.series.push_back(std::move(series));
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> StringText(const std::string& quoted) const {
    const auto expr = parser::Parse(quoted, {});
    if (!expr.ok()) return Wrap(expr.status());
    const auto* literal = std::get_if<parser::StringLiteral>(&(*expr)->node);
    if (literal == nullptr) return Error("expected a quoted string, got: ", quoted);
    return literal->value;
  }

  absl::StatusOr<ExpectedText> Regex(const std::string& pattern) const {
    const re2::RE2 regex(pattern, re2::RE2::Quiet);
    if (!regex.ok()) return Error("invalid regular expression \"", pattern, "\": ", regex.error());
    return ExpectedText{ExpectedText::Kind::kRegex, pattern};
  }

  absl::StatusOr<ExpectedText> Text(const std::string& rest) const {
    if (rest.empty()) return ExpectedText{};
    if (absl::StartsWith(rest, "msg:")) {
      return ExpectedText{ExpectedText::Kind::kExact,
                          std::string(absl::StripAsciiWhitespace(rest.substr(4)))};
    }
    if (absl::StartsWith(rest, "regex:")) {
      return Regex(std::string(absl::StripAsciiWhitespace(rest.substr(6))));
    }
    return Error("expected \"msg:\" or \"regex:\", got: ", rest);
  }

  absl::Status Expect(const std::string& line, const std::vector<std::string>& words,
                      EvalCommand& eval) {
    const std::string what = words.size() > 1 ? words[1] : "";
    const std::string rest = After(line, 2);
    if (what == "fail") {
      if (eval.fail)
        return Error("invalid expect lines, multiple expect fail lines are not allowed");
      ASSIGN_OR_RETURN(eval.fail, Text(rest));
    } else if (what == "warn") {
      ASSIGN_OR_RETURN(eval.warnings.emplace_back(), Text(rest));
    } else if (what == "info") {
      ASSIGN_OR_RETURN(eval.infos.emplace_back(), Text(rest));
    } else if (what == "no_warn") {
      eval.no_warnings = true;
    } else if (what == "no_info") {
      eval.no_infos = true;
    } else if (what == "ordered") {
      eval.is_ordered = true;
    } else if (what == "string") {
      ASSIGN_OR_RETURN(eval.string_result, StringText(rest));
    } else if (what == "range" && words.size() > 2 && words[2] == "vector") {
      ASSIGN_OR_RETURN(eval.range_vector, Range(words, 3));
    } else {
      return Error("invalid expect statement: ", line);
    }
    return CheckExpectations(eval);
  }

  absl::Status CheckExpectations(const EvalCommand& eval) const {
    if (eval.no_warnings && !eval.warnings.empty()) {
      return Error("expect warn and expect no_warn exclude each other");
    }
    if (eval.no_infos && !eval.infos.empty()) {
      return Error("expect info and expect no_info exclude each other");
    }
    if (eval.is_ordered && eval.is_range_query) {
      return Error("expect ordered is for instant queries; range results are ordered by labels");
    }
    return absl::OkStatus();
  }

  const std::string file_;
  std::vector<std::string> lines_;
  size_t next_ = 0;
  int line_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<ScriptCommand>> ParseScript(std::string_view file,
                                                       std::string_view text) {
  return ScriptReader(file, text).Run();
}

}  // namespace sloburn::cli
