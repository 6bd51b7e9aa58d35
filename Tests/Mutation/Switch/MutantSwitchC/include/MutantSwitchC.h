#pragma once
#include <stdbool.h>
#include <stdint.h>

/// The mutant that is active; 0 for none. Set before `main` from the environment variable `MUTANT`.
extern int32_t mutant_active;
/// Which mutants were reached. Written at exit to the file that the environment variable `MUTANT_REACHED` names, a byte for each.
extern uint8_t mutant_reached[];

static inline bool mutant_is_active(int32_t number) {
  mutant_reached[number] = 1;
  return __builtin_expect(mutant_active == number, 0);
}
