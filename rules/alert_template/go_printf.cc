// SPDX-License-Identifier: Apache-2.0
// Go's Sprintf: the walk over the format.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/utf8.h"
#include "rules/alert_template/go_print.h"

namespace sloburn::rules {

// Walks a format of Sprintf.
class GoPrinter::FormatReader {
 public:
  FormatReader(std::string_view format, std::span<const Value> args, GoPrinter& printer)
      : format_(format), args_(args), printer_(printer), out_(printer.out_) {}

  void Run() {
    while (at_ < format_.size() && !printer_.has_overflowed()) {
      const size_t percent = std::min(format_.find('%', at_), format_.size());
      out_ += format_.substr(at_, percent - at_);
      at_ = percent;
      if (at_ >= format_.size()) break;
      ++at_;
      if (!ReadDirective()) break;
    }
    if (!is_reordered_ && arg_ < args_.size()) printer_.PrintExtra(args_.subspan(arg_));
  }

 private:
  static constexpr int kMostNumber = 1'000'000;

  char Here() const { return at_ < format_.size() ? format_[at_] : '\0'; }

  bool ReadDirective() {
    FormatFlags& flags = printer_.flags_;
    flags = {};
    is_index_good_ = true;
    for (; at_ < format_.size(); ++at_) {
      bool* const flag = FlagOf(format_[at_], flags);
      if (flag == nullptr) break;
      *flag = true;
    }
    bool follows_index = ReadIndex();
    follows_index = ReadWidth(follows_index);
    // A point at the very end is taken for a verb.
    if (Here() == '.' && at_ + 1 < format_.size()) {
      ++at_;
      if (follows_index) is_index_good_ = false;
      follows_index = ReadPrecision();
    }
    if (!follows_index) ReadIndex();
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return false;
    }
    PrintVerb();
    return true;
  }

  static bool* FlagOf(char c, FormatFlags& flags) {
    switch (c) {
      case '#':
        return &flags.sharp;
      case '0':
        return &flags.zero;
      case '+':
        return &flags.plus;
      case '-':
        return &flags.minus;
      case ' ':
        return &flags.space;
      default:
        return nullptr;
    }
  }

  bool ReadWidth(bool follows_index) {
    FormatFlags& flags = printer_.flags_;
    if (Here() == '*') {
      ++at_;
      flags.width = TakeIntArg();
      if (!flags.width) out_ += "%!(BADWIDTH)";
      if (flags.width.value_or(0) < 0) {
        flags.width = -*flags.width;
        flags.minus = true;
        flags.zero = false;
      }
      return false;
    }
    flags.width = ReadNumber(format_.size());
    if (follows_index && flags.width) is_index_good_ = false;
    return follows_index;
  }

  bool ReadPrecision() {
    FormatFlags& flags = printer_.flags_;
    const bool follows_index = ReadIndex();
    if (Here() == '*') {
      ++at_;
      flags.precision = TakeIntArg();
      if (flags.precision.value_or(0) < 0) flags.precision.reset();
      if (!flags.precision) out_ += "%!(BADPREC)";
      return false;
    }
    flags.precision = ReadNumber(format_.size()).value_or(0);
    return follows_index;
  }

  // Digits up to `end`. A number that is too large takes the rest of the format with it.
  std::optional<int> ReadNumber(size_t end) {
    std::optional<int> number;
    while (at_ < end && format_[at_] >= '0' && format_[at_] <= '9') {
      if (number.value_or(0) > kMostNumber) {
        at_ = end;
        return std::nullopt;
      }
      number = number.value_or(0) * 10 + (format_[at_] - '0');
      ++at_;
    }
    return number;
  }

  // "[3]": the argument that is used next. Returns whether there was one.
  bool ReadIndex() {
    if (Here() != '[') return false;
    is_reordered_ = true;
    const size_t open = at_;
    const size_t close =
        format_.size() - open < 3 ? std::string_view::npos : format_.find(']', open + 1);
    if (close == std::string_view::npos) {
      at_ = open + 1;
      is_index_good_ = false;
      return false;
    }
    at_ = open + 1;
    const std::optional<int> number = ReadNumber(close);
    const bool is_number = number.has_value() && at_ == close;
    at_ = close + 1;
    if (is_number && *number >= 1 && static_cast<size_t>(*number) <= args_.size()) {
      arg_ = *number - 1;
      return true;
    }
    is_index_good_ = false;
    return is_number;
  }

  // A width or precision that is an argument.
  std::optional<int> TakeIntArg() {
    if (arg_ >= args_.size()) return std::nullopt;
    const Value value = args_[arg_++].Unwrapped();
    const GoKind kind = KindOf(value);
    if (kind != GoKind::kInt && kind != GoKind::kUint) return std::nullopt;
    const int64_t number = value.integer();
    if (number > kMostNumber || number < -kMostNumber) return std::nullopt;
    return static_cast<int>(number);
  }

  void PrintVerb() {
    const Utf8Rune rune = DecodeUtf8(format_.substr(at_));
    at_ += rune.size;
    const char32_t verb = rune.code;
    const auto complain = [&](std::string_view what) {
      out_ += "%!";
      AppendUtf8(out_, verb);
      out_ += what;
    };
    if (verb == '%') {
      out_ += '%';
    } else if (!is_index_good_) {
      complain("(BADINDEX)");
    } else if (arg_ >= args_.size()) {
      complain("(MISSING)");
    } else {
      FormatFlags& flags = printer_.flags_;
      if (verb == 'v' || verb == 'w') {
        flags.sharp_v = std::exchange(flags.sharp, false);
        flags.plus_v = std::exchange(flags.plus, false);
      }
      printer_.PrintArg(args_[arg_++], verb);
    }
  }

  const std::string_view format_;
  const std::span<const Value> args_;
  GoPrinter& printer_;
  std::string& out_;
  size_t at_ = 0, arg_ = 0;
  bool is_index_good_ = true, is_reordered_ = false;
};

void GoPrinter::Sprintf(std::string_view format, std::span<const Value> args) {
  FormatReader(format, args, *this).Run();
}

}  // namespace sloburn::rules
