#include "CSimdJSON.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include <simdjson.h>

namespace {

constexpr size_t kCapacityMin = 65536;
constexpr size_t kLengthMax = size_t(1) << 31;
// Up to this many names are compared pairwise; more are sorted.
constexpr size_t kPairwiseNamesMax = 24;

bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

bool ends_token(uint8_t byte) {
  return byte == ',' || byte == '}' || byte == ']' || byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

class Parser {
 public:
  hearth_json_result parse(const uint8_t *bytes, size_t length, uint32_t depth_max) {
    bytes_ = bytes;
    end_ = bytes + length;
    depth_max_ = depth_max;
    error_offset_ = 0;
    node_count_ = 0;
    int32_t error = run(length);
    hearth_json_result result;
    result.nodes = error == HEARTH_JSON_OK ? nodes_.get() : nullptr;
    result.node_count = error == HEARTH_JSON_OK ? node_count_ : 0;
    result.error = error;
    result.error_offset = error_offset_;
    return result;
  }

 private:
  int32_t run(size_t length) {
    if (length == 0 || length >= kLengthMax) return HEARTH_JSON_SYNTAX;
    if (!implementation_ || length > capacity_) {
      size_t capacity = std::max(length, kCapacityMin);
      implementation_.reset();
      capacity_ = 0;
      auto failure = simdjson::get_active_implementation()->create_dom_parser_implementation(
          capacity, 1, implementation_);
      if (failure) return HEARTH_JSON_MEMORY;
      strings_.reset(new uint8_t[capacity]);
      capacity_ = capacity;
    }
    string_end_ = strings_.get();
    auto failure = implementation_->stage1(bytes_, length, simdjson::stage1_mode::regular);
    if (failure == simdjson::UTF8_ERROR) return HEARTH_JSON_UTF8;
    if (failure) return HEARTH_JSON_SYNTAX;
    next_ = 0;
    count_ = implementation_->n_structural_indexes;
    if (count_ == 0) return HEARTH_JSON_SYNTAX;
    // Each node takes at least one place of the structure, so there is always room for it.
    if (count_ > node_capacity_) {
      node_capacity_ = 0;
      nodes_.reset(new hearth_json_node[size_t(count_) * 2]);
      node_capacity_ = count_ * 2;
    }
    uint8_t first = peek();
    if (first != '{' && first != '[') return fault(HEARTH_JSON_SYNTAX);
    if (int32_t error = value(0)) return error;
    return next_ == count_ ? HEARTH_JSON_OK : fault(HEARTH_JSON_SYNTAX);
  }

  const uint8_t *at(uint32_t index) const { return bytes_ + implementation_->structural_indexes[index]; }
  uint8_t peek() const { return next_ < count_ ? *at(next_) : 0; }

  int32_t fault(int32_t error) {
    error_offset_ = uint32_t(next_ < count_ ? implementation_->structural_indexes[next_] : end_ - bytes_);
    return error;
  }

  int32_t value(uint32_t depth) {
    switch (peek()) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': return string();
      case 't': return literal("true", 4, HEARTH_JSON_TRUE);
      case 'f': return literal("false", 5, HEARTH_JSON_FALSE);
      case 'n': return literal("null", 4, HEARTH_JSON_NULL);
      default: return number();
    }
  }

  int32_t object(uint32_t depth) {
    if (depth == depth_max_) return fault(HEARTH_JSON_DEPTH);
    size_t node = open(HEARTH_JSON_OBJECT);
    uint32_t members = 0;
    if (peek() == '}') {
      next_++;
    } else {
      while (true) {
        if (peek() != '"') return fault(HEARTH_JSON_SYNTAX);
        if (int32_t error = string()) return error;
        if (peek() != ':') return fault(HEARTH_JSON_SYNTAX);
        next_++;
        if (int32_t error = value(depth + 1)) return error;
        members++;
        uint8_t after = peek();
        if (after != ',' && after != '}') return fault(HEARTH_JSON_SYNTAX);
        next_++;
        if (after == '}') break;
      }
    }
    close(node, members);
    return has_duplicates(node, members) ? fault(HEARTH_JSON_DUPLICATE) : HEARTH_JSON_OK;
  }

  int32_t array(uint32_t depth) {
    if (depth == depth_max_) return fault(HEARTH_JSON_DEPTH);
    size_t node = open(HEARTH_JSON_ARRAY);
    uint32_t elements = 0;
    if (peek() == ']') {
      next_++;
    } else {
      while (true) {
        if (int32_t error = value(depth + 1)) return error;
        elements++;
        uint8_t after = peek();
        if (after != ',' && after != ']') return fault(HEARTH_JSON_SYNTAX);
        next_++;
        if (after == ']') break;
      }
    }
    close(node, elements);
    return HEARTH_JSON_OK;
  }

  size_t open(uint8_t kind) {
    next_++;
    nodes_[node_count_] = {nullptr, 0, 0, 0, kind};
    return node_count_++;
  }

  void close(size_t node, uint32_t length) {
    nodes_[node].length = length;
    nodes_[node].next = node_count_;
  }

  void leaf(uint8_t kind, const uint8_t *text, size_t length, int64_t number) {
    uint32_t index = node_count_++;
    nodes_[index] = {text, number, uint32_t(length), index + 1, kind};
  }

  int32_t literal(const char *word, size_t length, uint8_t kind) {
    const uint8_t *start = at(next_);
    if (size_t(end_ - start) < length || std::memcmp(start, word, length) != 0) return fault(HEARTH_JSON_SYNTAX);
    if (start + length < end_ && !ends_token(start[length])) return fault(HEARTH_JSON_SYNTAX);
    next_++;
    leaf(kind, nullptr, 0, 0);
    return HEARTH_JSON_OK;
  }

  int32_t number() {
    if (next_ >= count_) return fault(HEARTH_JSON_SYNTAX);
    const uint8_t *start = at(next_);
    const uint8_t *here = start;
    bool negative = *here == '-';
    if (negative) here++;
    const uint8_t *whole = here;
    int64_t value = 0;
    while (here < end_ && is_digit(*here)) {
      if (here - whole < 12) value = value * 10 + (*here - '0');
      here++;
    }
    size_t whole_digits = size_t(here - whole);
    if (whole_digits == 0 || (whole_digits > 1 && *whole == '0')) return fault(HEARTH_JSON_SYNTAX);
    size_t places = 0;
    if (here < end_ && *here == '.') {
      const uint8_t *fraction = ++here;
      while (here < end_ && is_digit(*here)) {
        if (here - fraction < 6) value = value * 10 + (*here - '0');
        here++;
      }
      places = size_t(here - fraction);
      if (places == 0) return fault(HEARTH_JSON_SYNTAX);
    }
    bool plain = whole_digits <= 12 && places <= 6;
    if (here < end_ && (*here == 'e' || *here == 'E')) {
      plain = false;
      here++;
      if (here < end_ && (*here == '+' || *here == '-')) here++;
      const uint8_t *exponent = here;
      while (here < end_ && is_digit(*here)) here++;
      if (here == exponent) return fault(HEARTH_JSON_SYNTAX);
    }
    if (here < end_ && !ends_token(*here)) return fault(HEARTH_JSON_SYNTAX);
    next_++;
    if (plain) {
      for (size_t place = places; place < 6; place++) value *= 10;
      leaf(HEARTH_JSON_NUMBER, nullptr, 0, negative ? -value : value);
    } else {
      leaf(HEARTH_JSON_NUMBER_TEXT, start, size_t(here - start), 0);
    }
    return HEARTH_JSON_OK;
  }

  int32_t string() {
    const uint8_t *start = at(next_) + 1;
    const uint8_t *here = start;
    // The first stage has seen the closing quote, and has refused raw control characters.
    while (end_ - here >= 8) {
      uint64_t special = special_bytes(here);
      if (special != 0) {
        here += __builtin_ctzll(special) / 8;
        break;
      }
      here += 8;
    }
    while (here < end_ && *here != '"' && *here != '\\') here++;
    if (here == end_) return fault(HEARTH_JSON_SYNTAX);
    if (*here == '"') {
      next_++;
      leaf(HEARTH_JSON_STRING, start, size_t(here - start), 0);
      return HEARTH_JSON_OK;
    }
    return escaped_string(start, here);
  }

  // The high bit of the first byte that is a quote or a backslash, and perhaps of bytes behind it.
  static uint64_t special_bytes(const uint8_t *bytes) {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest");
    constexpr uint64_t ones = 0x0101010101010101;
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    uint64_t quote = word ^ (ones * '"');
    uint64_t backslash = word ^ (ones * '\\');
    return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & (ones * 0x80);
  }

  // No escape is longer unescaped than in the source, so the buffer, as long as the input, is always enough.
  int32_t escaped_string(const uint8_t *start, const uint8_t *here) {
    uint8_t *out = string_end_;
    std::memcpy(out, start, size_t(here - start));
    uint8_t *write = out + (here - start);
    while (here < end_ && *here != '"') {
      if (*here != '\\') {
        *write++ = *here++;
        continue;
      }
      if (end_ - here < 2) return fault(HEARTH_JSON_SYNTAX);
      uint8_t escape = here[1];
      here += 2;
      switch (escape) {
        case '"': case '\\': case '/': *write++ = escape; break;
        case 'b': *write++ = '\b'; break;
        case 'f': *write++ = '\f'; break;
        case 'n': *write++ = '\n'; break;
        case 'r': *write++ = '\r'; break;
        case 't': *write++ = '\t'; break;
        case 'u':
          if (int32_t error = scalar(here, write)) return fault(error);
          break;
        default: return fault(HEARTH_JSON_SYNTAX);
      }
    }
    if (here >= end_) return fault(HEARTH_JSON_SYNTAX);
    next_++;
    leaf(HEARTH_JSON_STRING, out, size_t(write - out), 0);
    string_end_ = write;
    return HEARTH_JSON_OK;
  }

  // The four digits after `\u`, and a low surrogate's escape after a high one.
  int32_t scalar(const uint8_t *&here, uint8_t *&write) {
    uint32_t code = 0;
    if (!hex4(here, code)) return HEARTH_JSON_SYNTAX;
    here += 4;
    if (code == 0) return HEARTH_JSON_NUL;
    if (code >= 0xDC00 && code <= 0xDFFF) return HEARTH_JSON_SURROGATE;
    if (code >= 0xD800 && code <= 0xDBFF) {
      uint32_t low = 0;
      if (end_ - here < 6 || here[0] != '\\' || here[1] != 'u' || !hex4(here + 2, low)) return HEARTH_JSON_SURROGATE;
      if (low < 0xDC00 || low > 0xDFFF) return HEARTH_JSON_SURROGATE;
      here += 6;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    encode(code, write);
    return HEARTH_JSON_OK;
  }

  bool hex4(const uint8_t *digits, uint32_t &code) const {
    if (end_ - digits < 4) return false;
    code = 0;
    for (int index = 0; index < 4; index++) {
      uint8_t byte = digits[index];
      uint32_t digit;
      if (is_digit(byte)) digit = byte - '0';
      else if (byte >= 'a' && byte <= 'f') digit = byte - 'a' + 10;
      else if (byte >= 'A' && byte <= 'F') digit = byte - 'A' + 10;
      else return false;
      code = code * 16 + digit;
    }
    return true;
  }

  static void encode(uint32_t code, uint8_t *&write) {
    if (code < 0x80) {
      *write++ = uint8_t(code);
    } else if (code < 0x800) {
      *write++ = uint8_t(0xC0 | (code >> 6));
      *write++ = uint8_t(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      *write++ = uint8_t(0xE0 | (code >> 12));
      *write++ = uint8_t(0x80 | ((code >> 6) & 0x3F));
      *write++ = uint8_t(0x80 | (code & 0x3F));
    } else {
      *write++ = uint8_t(0xF0 | (code >> 18));
      *write++ = uint8_t(0x80 | ((code >> 12) & 0x3F));
      *write++ = uint8_t(0x80 | ((code >> 6) & 0x3F));
      *write++ = uint8_t(0x80 | (code & 0x3F));
    }
  }

  std::string_view name(uint32_t index) const {
    return {reinterpret_cast<const char *>(nodes_[index].text), nodes_[index].length};
  }

  // True when length and end bytes alone tell all names apart.
  bool all_differ_at_a_glance(size_t node, uint32_t members) const {
    uint64_t seen = 0;
    uint32_t index = uint32_t(node + 1);
    for (uint32_t member = 0; member < members; member++) {
      const hearth_json_node &key = nodes_[index];
      uint32_t mixed = key.length == 0 ? 0 : key.length * 7 + key.text[0] * 5 + key.text[key.length - 1] * 11;
      uint64_t bit = uint64_t(1) << (mixed & 63);
      if (seen & bit) return false;
      seen |= bit;
      index = nodes_[index + 1].next;
    }
    return true;
  }

  bool has_duplicates(size_t node, uint32_t members) {
    if (members < 2) return false;
    if (members <= kPairwiseNamesMax) {
      if (all_differ_at_a_glance(node, members)) return false;
      uint32_t indexes[kPairwiseNamesMax];
      uint32_t index = uint32_t(node + 1);
      for (uint32_t member = 0; member < members; member++) {
        for (uint32_t other = 0; other < member; other++) {
          if (name(indexes[other]) == name(index)) return true;
        }
        indexes[member] = index;
        index = nodes_[index + 1].next;
      }
      return false;
    }
    std::vector<std::string_view> names;
    uint32_t index = uint32_t(node + 1);
    for (uint32_t member = 0; member < members; member++) {
      names.push_back(name(index));
      index = nodes_[index + 1].next;
    }
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
  }

  std::unique_ptr<simdjson::internal::dom_parser_implementation> implementation_;
  std::unique_ptr<uint8_t[]> strings_;
  size_t capacity_ = 0;
  uint8_t *string_end_ = nullptr;
  std::unique_ptr<hearth_json_node[]> nodes_;
  uint32_t node_count_ = 0;
  uint32_t node_capacity_ = 0;
  const uint8_t *bytes_ = nullptr;
  const uint8_t *end_ = nullptr;
  uint32_t depth_max_ = 0;
  uint32_t error_offset_ = 0;
  uint32_t next_ = 0;
  uint32_t count_ = 0;
};

}  // namespace

hearth_json_result hearth_json_parse(const uint8_t *bytes, size_t length, uint32_t depth_max) {
  static thread_local Parser parser;
  try {
    return parser.parse(bytes, length, depth_max);
  } catch (const std::bad_alloc &) {
    return {nullptr, 0, HEARTH_JSON_MEMORY, 0};
  }
}
