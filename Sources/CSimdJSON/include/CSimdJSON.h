#pragma once
// JSON text to a flat list of nodes. simdjson's first stage finds the structure and checks the UTF-8; the walk over it
// is ours, because numbers must keep their exact decimal text, which simdjson's own values lose.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  HEARTH_JSON_NULL = 0,
  HEARTH_JSON_FALSE = 1,
  HEARTH_JSON_TRUE = 2,
  HEARTH_JSON_STRING = 3,
  // `number` holds millionths: at most 12 whole digits and 6 places, no exponent.
  HEARTH_JSON_NUMBER = 4,
  // A well-formed number of any other shape; `text` is its token.
  HEARTH_JSON_NUMBER_TEXT = 5,
  // `length` members, each a string node (the name) and then the value's nodes; `next` is the index past the last.
  HEARTH_JSON_OBJECT = 6,
  // `length` elements; `next` is the index past the last.
  HEARTH_JSON_ARRAY = 7,
};

enum {
  HEARTH_JSON_OK = 0,
  HEARTH_JSON_SYNTAX = 1,
  HEARTH_JSON_UTF8 = 2,
  HEARTH_JSON_NUL = 3,
  HEARTH_JSON_SURROGATE = 4,
  HEARTH_JSON_DEPTH = 5,
  HEARTH_JSON_DUPLICATE = 6,
  HEARTH_JSON_MEMORY = 7,
};

typedef struct {
  const uint8_t *_Nullable text;
  int64_t number;
  uint32_t length;
  uint32_t next;
  uint8_t kind;
} hearth_json_node;

typedef struct {
  // Valid until the next parse on the same thread, and while the input lives.
  const hearth_json_node *_Nullable nodes;
  uint32_t node_count;
  int32_t error;
  // Byte of the input at which a fault was seen; 0 when not known.
  uint32_t error_offset;
} hearth_json_result;

// Parses one JSON object or array of at most 2^31 bytes; `depth_max` containers deep. Strings hold no NUL and no lone
// surrogate; names of an object differ. Uses a parser of the calling thread. Nothing is read past `length`.
hearth_json_result hearth_json_parse(const uint8_t *_Nonnull bytes, size_t length, uint32_t depth_max);

#ifdef __cplusplus
}
#endif
