package slo

// ParseOpenSLO reads OpenSLO v1 YAML, one or many documents.
func ParseOpenSLO(data []byte) ([]Objective, error) { return nil, errNotBuilt }
