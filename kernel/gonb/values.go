package gonb

// typed turns lists and objects of one kind into the types that package comms
// knows.
func typed(v any) any {
	switch v := v.(type) {
	case []any:
		if list, ok := listOf[float64](v); ok {
			return list
		}
		if list, ok := listOf[string](v); ok {
			return list
		}
	case map[string]any:
		if m, ok := mapOf[float64](v); ok {
			return m
		}
		if m, ok := mapOf[string](v); ok {
			return m
		}
	}
	return v
}

func listOf[T any](all []any) ([]T, bool) {
	list := make([]T, len(all))
	for i, v := range all {
		x, ok := v.(T)
		if !ok {
			return nil, false
		}
		list[i] = x
	}
	return list, true
}

func mapOf[T any](all map[string]any) (map[string]T, bool) {
	m := make(map[string]T, len(all))
	for k, v := range all {
		x, ok := v.(T)
		if !ok {
			return nil, false
		}
		m[k] = x
	}
	return m, true
}
