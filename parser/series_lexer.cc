// SPDX-License-Identifier: Apache-2.0
#include "parser/series_lexer.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "parser/keywords.h"

namespace sloburn::parser {
namespace {

using Kind = SeriesTokenKind;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsAlpha(char c) { return c == '_' || absl::ascii_isalpha(c); }

class SeriesLexer {
 public:
  SeriesLexer(std::string_view line, size_t begin) : line_(line), pos_(begin) {}

  std::vector<SeriesToken> Run() {
    while (tokens_.empty() ||
           (tokens_.back().kind != Kind::kEnd && tokens_.back().kind != Kind::kError)) {
      start_ = pos_;
      Next();
    }
    return std::move(tokens_);
  }

 private:
  bool AtEnd() const { return pos_ >= line_.size(); }
  char Peek(size_t ahead = 0) const {
    return pos_ + ahead < line_.size() ? line_[pos_ + ahead] : '\0';
  }
  bool Accept(std::string_view set) {
    if (AtEnd() || set.find(Peek()) == std::string_view::npos) return false;
    ++pos_;
    return true;
  }
  void AcceptDigits() {
    while (Accept("0123456789")) {
    }
  }

  void Emit(Kind kind) {
    tokens_.push_back({kind, line_.substr(start_, pos_ - start_),
                       {static_cast<int>(start_), static_cast<int>(pos_)}, ""});
  }
  void Fail(std::string message) {
    Emit(Kind::kError);
    tokens_.back().message = std::move(message);
  }

  void Next() {
    if (AtEnd()) return Emit(Kind::kEnd);
    const char c = Peek();
    if (line_.substr(pos_, 2) == "{{") return Histogram();
    if (IsSpace(c)) {
      while (!AtEnd() && IsSpace(Peek())) ++pos_;
      return Emit(Kind::kSpace);
    }
    if (absl::ascii_isdigit(c) || (c == '.' && absl::ascii_isdigit(Peek(1)))) {
      if (ScanNumber()) return Emit(Kind::kNumber);
      return Fail(absl::StrCat("bad number syntax: ",
                               GoQuote(line_.substr(start_, pos_ - start_))));
    }
    ++pos_;
    switch (c) {
      case '+': return Emit(Kind::kPlus);
      case '-': return Emit(Kind::kMinus);
      case 'x': return Emit(Kind::kTimes);
      case '_': return Emit(Kind::kBlank);
      default: break;
    }
    if (IsAlpha(c)) return Word();
    const Utf8Rune rune = DecodeUtf8(line_.substr(start_));
    const std::string quoted = GoQuote(line_.substr(start_, rune.size));
    Fail(absl::StrCat("unexpected character in series sequence: '",
                      quoted.substr(1, quoted.size() - 2), "'"));
  }

  void Word() {
    while (IsAlpha(Peek()) || absl::ascii_isdigit(Peek()) || Peek() == ':') ++pos_;
    const KeywordRow* const row = FindKeyword(line_.substr(start_, pos_ - start_));
    Emit(row != nullptr && row->kind == TokenKind::kNumber ? Kind::kNumber : Kind::kWord);
  }

  void Histogram() {
    const size_t close = line_.find("}}", pos_);
    if (close == std::string_view::npos) {
      pos_ = line_.size();
      return Fail("unexpected end of histogram description, expected \"}}\"");
    }
    pos_ = close + 2;
    Emit(Kind::kHistogram);
  }

  // Decimal only: 0x5 is a 0 and five repeats of it.
  bool ScanNumber() {
    Accept(".");
    AcceptDigits();
    bool has_dot = line_[start_] == '.', has_exponent = false;
    while (!AtEnd()) {
      if (has_dot && Accept(".")) return false;
      if (has_exponent && Accept("eE")) return false;
      if (Accept(".")) {
        has_dot = true;
        if (Accept("_.")) return false;
      } else if (Accept("eE")) {
        has_exponent = true;
        Accept("+-");
        if (Accept("._eE") || AtEnd()) return false;
      } else if (Accept("_")) {
        if (Accept("._eE") || AtEnd()) return false;
      } else if (absl::ascii_isdigit(Peek())) {
        AcceptDigits();
      } else {
        break;
      }
    }
    return Peek() == 'x' || !IsAlpha(Peek());
  }

  const std::string_view line_;
  size_t start_ = 0, pos_;
  std::vector<SeriesToken> tokens_;
};

}  // namespace

std::string Describe(const SeriesToken& token) {
  switch (token.kind) {
    case Kind::kEnd: return "end of input";
    case Kind::kPlus:
    case Kind::kMinus: return absl::StrCat("<op:", std::string(token.text), ">");
    case Kind::kNumber: return absl::StrCat("number ", GoQuote(token.text));
    case Kind::kWord: return absl::StrCat("identifier ", GoQuote(token.text));
    case Kind::kHistogram: return "\"{{\"";
    default: return GoQuote(token.text);
  }
}

std::vector<SeriesToken> LexSeriesValues(std::string_view line, size_t begin) {
  return SeriesLexer(line, begin).Run();
}

}  // namespace sloburn::parser
