/** Of a state space model: observed series, states, shocks, periods, and the periods of the covariance that is chosen of its states. */
export interface Sizes {
  readonly series: number;
  readonly states: number;
  readonly shocks: number;
  readonly periods: number;
  readonly selected: number;
}

/** By the name of a member: the sizes of its array. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** Members of a model that are absent until it is initialised. */
export const INITIAL: readonly string[] = ['initial_state', 'initial_state_cov', 'initial_diffuse_state_cov'];

/** Statespace.__init__ (_representation.pyx.in). */
export function modelShapes({ series: p, states: m, shocks: r, periods, selected }: Sizes): Shapes {
  return {
    initial_state: [m],
    initial_state_cov: [m, m],
    initial_diffuse_state_cov: [m, m],
    missing: [p, periods],
    nmissing: [periods],
    tmp: [m, Math.max(m, r)],
    selected_state_cov: [m, m, selected],
    selected_obs: [p],
    selected_obs_intercept: [p],
    selected_design: [p * m],
    selected_obs_cov: [p * p],
    transform_cholesky: [p, p],
    transform_obs_cov: [p, p],
    transform_design: [p, m],
    collapse_obs: [m],
    collapse_obs_tmp: [m],
    collapse_design: [m, m],
    collapse_obs_cov: [m, m],
    collapse_cholesky: [m, m],
  };
}

/** KalmanFilter.allocate_arrays (_kalman_filter.pyx.in). */
export function filterShapes(sizes: Sizes, method: number, saving: number): Shapes {
  const { states: m, periods } = sizes;
  const p = observed(sizes, method);
  const kept = (flag: number, few: number) => ((saving & flag) === 0 ? periods : few);
  const [forecasts, covariances] = [kept(0x01, 2), kept(0x02, 2)];
  const [predicted, predictedCovariances] = [kept(0x04, 2), kept(0x08, 2)];
  const smoothing = kept(0x100, 1);
  const [square, gain] = [
    [m, m],
    [m, p],
  ];
  return {
    univariate_filter: [periods],
    forecast: [p, forecasts],
    forecast_error: [p, forecasts],
    forecast_error_cov: [p, p, covariances],
    standardized_forecast_error: [p, kept(0x200, 1)],
    filtered_state: [m, kept(0x10, 2)],
    filtered_state_cov: [m, m, kept(0x20, 2)],
    predicted_state: [m, predicted + 1],
    predicted_state_cov: [m, m, predictedCovariances + 1],
    forecast_error_diffuse_cov: [p, p, covariances],
    predicted_diffuse_state_cov: [m, m, predictedCovariances + 1],
    M: [m, p, predictedCovariances],
    M_inf: [m, p, predictedCovariances],
    tmpK0: [m],
    tmpK1: [m],
    tmpL0: square,
    tmpL1: square,
    kalman_gain: [m, p, kept(0x80, 1)],
    loglikelihood: [kept(0x40, 1)],
    converged_forecast_error_cov: [p, p],
    converged_filtered_state_cov: square,
    converged_predicted_state_cov: square,
    converged_kalman_gain: gain,
    converged_M: gain,
    forecast_error_fac: [p, p],
    forecast_error_work: [sizes.series, sizes.series],
    tmp0: square,
    tmp00: square,
    tmp1: [m, p, smoothing],
    tmp2: [p, smoothing],
    tmp3: [p, m, smoothing],
    tmp4: [p, p, smoothing],
  };
}

/** A filter that collapses its observations has as many of them as states. */
function observed({ series, states }: Sizes, method: number): number {
  return (method & 0x20) === 0 ? series : states;
}

/** KalmanSmoother.allocate_arrays (_kalman_smoother.pyx.in). */
export function smootherShapes(sizes: Sizes, method: number): Shapes {
  const { states: m, shocks: r, periods } = sizes;
  const p = observed(sizes, method);
  const wide = [m, Math.max(m, r)];
  return {
    scaled_smoothed_estimator: [m, periods + 1],
    scaled_smoothed_estimator_cov: [m, m, periods + 1],
    smoothing_error: [p, periods],
    smoothed_state: [m, periods],
    smoothed_state_cov: [m, m, periods],
    smoothed_measurement_disturbance: [p, periods],
    smoothed_state_disturbance: [r, periods],
    smoothed_measurement_disturbance_cov: [p, p, periods],
    smoothed_state_disturbance_cov: [r, r, periods],
    smoothed_state_autocov: [m, m, periods],
    innovations_transition: [m, m, periods],
    tmp_autocov: [m, m],
    scaled_smoothed_diffuse_estimator: [m, periods + 1],
    scaled_smoothed_diffuse1_estimator_cov: [m, m, periods + 1],
    scaled_smoothed_diffuse2_estimator_cov: [m, m, periods + 1],
    tmpL: wide,
    tmpL2: wide,
    tmp0: wide,
    tmp00: [m, p],
    tmp000: [m, p],
  };
}
