// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/lexer.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "re2/re2.h"

namespace sloburn::rules {
namespace {

using Kind = TemplateTokenKind;

constexpr std::string_view kOpen = "{{", kClose = "}}";
constexpr std::string_view kOpenComment = "/*", kCloseComment = "*/";
constexpr std::string_view kSpaces = " \t\r\n";
constexpr size_t kTrimMarker = 2;  // the minus and the space beside it
constexpr int32_t kEof = -1;

struct Keyword {
  std::string_view word;
  Kind kind;
};
constexpr Keyword kKeywords[] = {
    {"block", Kind::kBlock},
    {"break", Kind::kBreak},
    {"continue", Kind::kContinue},
    {"define", Kind::kDefine},
    {"else", Kind::kElse},
    {"end", Kind::kEndWord},
    {"if", Kind::kIf},
    {"nil", Kind::kNil},
    {"range", Kind::kRange},
    {"template", Kind::kTemplate},
    {"with", Kind::kWith},
    {"true", Kind::kBool},
    {"false", Kind::kBool},
};

bool IsSpace(int32_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool IsAlphanumeric(int32_t c) {
  if (c < 0x80) return c == '_' || (c >= 0 && absl::ascii_isalnum(static_cast<unsigned char>(c)));
  static const re2::RE2* const kLetter = new re2::RE2("[\\p{L}\\p{Nd}]");
  std::string text;
  AppendUtf8(text, static_cast<uint32_t>(c));
  return re2::RE2::FullMatch(text, *kLetter);
}

// "U+0041 'A'"
std::string DescribeRune(int32_t c) {
  char hex[16];
  std::snprintf(hex, sizeof hex, "U+%04X", static_cast<uint32_t>(c));
  std::string text = hex;
  if (c < 0 || !IsGoPrintable(c)) return text;
  text += " '";
  AppendUtf8(text, c);
  return text + "'";
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<TemplateToken> Run() {
    while (tokens_.empty() || (tokens_.back().kind != Kind::kEnd && !has_failed())) {
      if (is_inside_) {
        LexInside();
      } else {
        LexText();
      }
    }
    return std::move(tokens_);
  }

 private:
  bool has_failed() const { return tokens_.back().kind == Kind::kError; }
  std::string_view Rest() const { return text_.substr(pos_); }
  bool At(std::string_view what) const { return Rest().substr(0, what.size()) == what; }

  int32_t Peek() const {
    return pos_ < text_.size() ? static_cast<int32_t>(DecodeUtf8(Rest()).code) : kEof;
  }
  int32_t Next() {
    if (pos_ >= text_.size()) return kEof;
    const Utf8Rune rune = DecodeUtf8(Rest());
    pos_ += rune.size;
    return static_cast<int32_t>(rune.code);
  }
  bool Accept(std::string_view any) {
    if (pos_ >= text_.size() || any.find(text_[pos_]) == std::string_view::npos) return false;
    ++pos_;
    return true;
  }
  void AcceptRun(std::string_view any) {
    while (Accept(any)) {
    }
  }

  // Forgets the text up to here.
  void Skip() {
    line_ += static_cast<int>(std::count(text_.begin() + start_, text_.begin() + pos_, '\n'));
    start_ = pos_;
  }
  void Emit(Kind kind) {
    tokens_.push_back({kind, start_, std::string(text_.substr(start_, pos_ - start_)), line_});
    Skip();
  }
  void Fail(std::string message) {
    tokens_.push_back({Kind::kError, start_, std::move(message), line_});
  }

  // "{{- " and " -}}": the minus needs a space beside it, else it is a sign.
  static bool BeginsWithTrim(std::string_view text) {
    return text.size() >= kTrimMarker && text[0] == '-' && IsSpace(text[1]);
  }
  static bool BeginsWithTrimmedClose(std::string_view text) {
    return text.size() >= kTrimMarker && IsSpace(text[0]) && text[1] == '-' &&
           text.substr(kTrimMarker, kClose.size()) == kClose;
  }

  void LexText() {
    const size_t open = text_.find(kOpen, pos_);
    if (open == std::string_view::npos) {
      pos_ = text_.size();
      if (pos_ > start_) Emit(Kind::kText);
      Emit(Kind::kEnd);
      return;
    }
    pos_ = open;
    if (BeginsWithTrim(text_.substr(open + kOpen.size()))) {
      const size_t last = text_.substr(start_, open - start_).find_last_not_of(kSpaces);
      pos_ = last == std::string_view::npos ? start_ : start_ + last + 1;
    }
    if (pos_ > start_) Emit(Kind::kText);
    pos_ = open;
    Skip();
    LexOpen();
  }

  void LexOpen() {
    pos_ += kOpen.size();
    const size_t trim = BeginsWithTrim(Rest()) ? kTrimMarker : 0;
    if (text_.substr(pos_ + trim, kOpenComment.size()) == kOpenComment) {
      pos_ += trim;
      Skip();
      return LexComment();
    }
    Emit(Kind::kLeftDelim);
    is_inside_ = true;
    pos_ += trim;
    Skip();
    parens_ = 0;
  }

  void LexComment() {
    const size_t close = text_.find(kCloseComment, pos_ + kOpenComment.size());
    if (close == std::string_view::npos) return Fail("unclosed comment");
    pos_ = close + kCloseComment.size();
    const bool trims = BeginsWithTrimmedClose(Rest());
    if (!trims && !At(kClose)) return Fail("comment ends before closing delimiter");
    pos_ += kClose.size() + (trims ? kTrimMarker : 0);
    if (trims) AcceptRun(kSpaces);
    Skip();
  }

  void LexClose(bool trims) {
    if (trims) {
      pos_ += kTrimMarker;
      Skip();
    }
    pos_ += kClose.size();
    Emit(Kind::kRightDelim);
    if (trims) AcceptRun(kSpaces);
    Skip();
    is_inside_ = false;
  }

  void LexInside() {
    const bool trims = BeginsWithTrimmedClose(Rest());
    if (trims || At(kClose)) {
      return parens_ == 0 ? LexClose(trims) : Fail("unclosed left paren");
    }
    const int32_t c = Peek();
    if (IsSpace(c)) return LexSpace();
    if (IsAlphanumeric(c) && !(c < 0x80 && absl::ascii_isdigit(static_cast<unsigned char>(c)))) {
      return LexWord();
    }
    Next();
    switch (c) {
      case kEof:
        return Fail("unclosed action");
      case '=':
        return Emit(Kind::kAssign);
      case ':':
        return Next() == '=' ? Emit(Kind::kDeclare) : Fail("expected :=");
      case '|':
        return Emit(Kind::kPipe);
      case '"':
        return LexQuoted('"', Kind::kString, "unterminated quoted string");
      case '\'':
        return LexQuoted('\'', Kind::kCharConstant, "unterminated character constant");
      case '`':
        return LexRaw();
      case '$':
        return LexName(Kind::kVariable, Kind::kVariable);
      case '(':
        ++parens_;
        return Emit(Kind::kLeftParen);
      case ')':
        return --parens_ < 0 ? Fail("unexpected right paren") : Emit(Kind::kRightParen);
      case '.':
        if (pos_ < text_.size() && !absl::ascii_isdigit(static_cast<unsigned char>(text_[pos_]))) {
          return LexName(Kind::kField, Kind::kDot);
        }
        break;
      default:
        break;
    }
    if (c == '.' || c == '+' || c == '-' || (c >= '0' && c <= '9')) {
      pos_ = start_;
      return LexNumber();
    }
    if (c < 0x80 && IsGoPrintable(c)) return Emit(Kind::kChar);
    Fail(StrCat("unrecognized character in action: ", DescribeRune(c)));
  }

  void LexSpace() {
    AcceptRun(kSpaces);
    // The last space may belong to a trimmed close.
    if (BeginsWithTrimmedClose(text_.substr(pos_ - 1))) --pos_;
    if (pos_ > start_) Emit(Kind::kSpace);
  }

  bool AtTerminator() const {
    const int32_t c = Peek();
    if (c == kEof || IsSpace(c) || At(kClose)) return true;
    return c < 0x80 &&
           std::string_view(".,|:)(").find(static_cast<char>(c)) != std::string_view::npos;
  }

  void TakeAlphanumerics() {
    while (IsAlphanumeric(Peek())) Next();
  }

  void LexWord() {
    TakeAlphanumerics();
    if (!AtTerminator()) return Fail(StrCat("bad character ", DescribeRune(Peek())));
    const std::string_view word = text_.substr(start_, pos_ - start_);
    for (const Keyword& keyword : kKeywords) {
      if (keyword.word == word) return Emit(keyword.kind);
    }
    Emit(Kind::kIdentifier);
  }

  // After the dot or the dollar sign, which may stand alone.
  void LexName(Kind kind, Kind alone) {
    if (AtTerminator()) return Emit(alone);
    TakeAlphanumerics();
    if (!AtTerminator()) return Fail(StrCat("bad character ", DescribeRune(Peek())));
    Emit(kind);
  }

  void LexQuoted(char quote, Kind kind, const char* unterminated) {
    while (true) {
      int32_t c = Next();
      if (c == quote) return Emit(kind);
      if (c == '\\') {
        c = Next();
        if (c != kEof && c != '\n') continue;
      }
      if (c == kEof || c == '\n') return Fail(unterminated);
    }
  }

  void LexRaw() {
    const size_t close = text_.find('`', pos_);
    if (close == std::string_view::npos) return Fail("unterminated raw quoted string");
    pos_ = close + 1;
    Emit(Kind::kRawString);
  }

  void LexNumber() {
    const auto is_bad = [&](bool is_number) {
      if (!is_number) {
        Fail(StrCat("bad number syntax: ", GoQuote(text_.substr(start_, pos_ - start_))));
      }
      return !is_number;
    };
    if (is_bad(TakeNumber())) return;
    const int32_t sign = Peek();
    if (sign != '+' && sign != '-') return Emit(Kind::kNumber);
    if (is_bad(TakeNumber() && text_[pos_ - 1] == 'i')) return;
    Emit(Kind::kComplex);
  }

  // Takes more than is a number; what is wrong shows when it is converted.
  bool TakeNumber() {
    Accept("+-");
    std::string_view digits = "0123456789_";
    std::string_view exponent = "eE";
    if (Accept("0")) {
      if (Accept("xX")) {
        digits = "0123456789abcdefABCDEF_";
        exponent = "pP";
      } else if (Accept("oO")) {
        digits = "01234567_";
        exponent = "";
      } else if (Accept("bB")) {
        digits = "01_";
        exponent = "";
      }
    }
    AcceptRun(digits);
    if (Accept(".")) AcceptRun(digits);
    if (Accept(exponent)) {
      Accept("+-");
      AcceptRun("0123456789_");
    }
    Accept("i");
    if (!IsAlphanumeric(Peek())) return true;
    Next();
    return false;
  }

  const std::string_view text_;
  std::vector<TemplateToken> tokens_;
  size_t start_ = 0, pos_ = 0;
  int line_ = 1;  // of start_
  int parens_ = 0;
  bool is_inside_ = false;
};

// The first `count` code points.
std::string_view Head(std::string_view text, int count) {
  size_t end = 0;
  while (count-- > 0 && end < text.size()) end += DecodeUtf8(text.substr(end)).size;
  return text.substr(0, end);
}

}  // namespace

std::vector<TemplateToken> LexTemplate(std::string_view text) { return Lexer(text).Run(); }

std::string Describe(const TemplateToken& token) {
  if (token.kind == Kind::kEnd) return "EOF";
  if (token.kind == Kind::kError) return token.text;
  if (token.kind >= Kind::kDot) return StrCat("<", token.text, ">");
  if (token.text.size() > 10) return StrCat(GoQuote(Head(token.text, 10)), "...");
  return GoQuote(token.text);
}

}  // namespace sloburn::rules
