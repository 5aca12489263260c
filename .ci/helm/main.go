// Command helm lints a chart and renders it, as helm does, with each file of values:
//
//	helm CHART GOLDENS [-update]
//
// For each GOLDENS/NAME.values.yaml there is GOLDENS/NAME.yaml, which has what comes of it. It fails where they differ,
// where Kubernetes knows no such object or field, and where GOLDENS/NAME.refused.yaml, whose first line says why, is taken.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: helm CHART GOLDENS [-update]")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], slices.Contains(os.Args[3:], "-update")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, goldens string, update bool) error {
	c, err := loader.Load(dir)
	if err != nil {
		return err
	}
	all, err := filepath.Glob(filepath.Join(goldens, "*.values.yaml"))
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range all {
		errs = append(errs, check(c, dir, file, update))
	}
	refused, err := filepath.Glob(filepath.Join(goldens, "*.refused.yaml"))
	errs = append(errs, err)
	for _, file := range refused {
		errs = append(errs, refuses(c, file))
	}
	fmt.Printf("%s: %d renderings, %d refusals\n", c.Name(), len(all), len(refused))
	return errors.Join(errs...)
}

// check lints a chart with values, and compares what comes of it.
func check(c *chart.Chart, dir, file string, update bool) error {
	values, err := chartutil.ReadValuesFile(file)
	if err != nil {
		return err
	}
	linted := lint.AllWithKubeVersion(dir, values, "default", nil)
	for _, m := range linted.Messages {
		if m.Severity >= support.WarningSev {
			return fmt.Errorf("%s: %w", file, m)
		}
	}
	got, err := render(c, values)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := known(got); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	golden := strings.TrimSuffix(file, ".values.yaml") + ".yaml"
	if update {
		return os.WriteFile(golden, got, 0o644)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s is not what the chart gives: run `.ci/run gen`, and look at the difference", golden)
	}
	return nil
}

// known checks that Kubernetes has each object, and each of its fields.
func known(rendered []byte) error {
	kinds := map[string]any{
		"apps/v1 Deployment":                     new(appsv1.Deployment),
		"apps/v1 StatefulSet":                    new(appsv1.StatefulSet),
		"v1 Service":                             new(corev1.Service),
		"policy/v1 PodDisruptionBudget":          new(policyv1.PodDisruptionBudget),
		"autoscaling/v2 HorizontalPodAutoscaler": new(autoscalingv2.HorizontalPodAutoscaler),
		"networking.k8s.io/v1 NetworkPolicy":     new(networkingv1.NetworkPolicy),
	}
	objects := 0
	for _, doc := range bytes.Split(rendered, []byte("\n---\n")) {
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal(doc, &kind); err != nil {
			return err
		}
		if kind.Kind == "" {
			continue // the first file's name
		}
		into := kinds[kind.APIVersion+" "+kind.Kind]
		if into == nil {
			return fmt.Errorf("%s %s is none of the kinds that are checked", kind.APIVersion, kind.Kind)
		}
		into = reflect.New(reflect.TypeOf(into).Elem()).Interface()
		if err := yaml.UnmarshalStrict(doc, into); err != nil {
			return fmt.Errorf("%s: %w", kind.Kind, err)
		}
		objects++
	}
	if objects < 6 {
		return fmt.Errorf("there are %d objects", objects)
	}
	return nil
}

// refuses checks that the chart takes no values that cannot work, and says why.
func refuses(c *chart.Chart, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	values, err := chartutil.ReadValues(text)
	if err != nil {
		return err
	}
	if _, err := render(c, values); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(first, "# ")) {
		return fmt.Errorf("%s: want the refusal %q, have %v", file, first, err)
	}
	return nil
}

// render returns all that a chart gives, in the order of its files.
func render(c *chart.Chart, values chartutil.Values) ([]byte, error) {
	release := chartutil.ReleaseOptions{Name: "paws", Namespace: "pets", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(c, values, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(c, all)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if text := strings.TrimSpace(files[name]); text != "" && strings.HasSuffix(name, ".yaml") {
			fmt.Fprintf(&out, "# %s\n---\n%s\n", strings.TrimPrefix(name, c.Name()+"/"), text)
		}
	}
	return out.Bytes(), nil
}
