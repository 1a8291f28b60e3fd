/** By "module:class": methods that real models keep as values, bound to an instance of the class, or fetched from the class. */
const KEPT: Readonly<Record<string, string>> = {
  'builtins:str': 'capitalize casefold lower lstrip rsplit rstrip split splitlines strip swapcase title upper',
  '__builtin__:str': 'capitalize lower lstrip rsplit rstrip split splitlines strip swapcase title upper',
  '__builtin__:unicode': 'capitalize casefold lower lstrip rsplit rstrip split splitlines strip swapcase title upper',
  'flaml.automl.model:CatBoostEstimator': 'size',
  'flaml.automl.model:ExtraTreesEstimator': 'size',
  'flaml.automl.model:KNeighborsEstimator': 'size',
  'flaml.automl.model:LGBMEstimator': 'size',
  'flaml.automl.model:LRL1Classifier': 'size',
  'flaml.automl.model:RandomForestEstimator': 'size',
  'flaml.automl.model:XGBoostSklearnEstimator': 'size',
  'flaml.model:CatBoostEstimator': 'size',
  'flaml.model:ExtraTreesEstimator': 'size',
  'flaml.model:KNeighborsEstimator': 'size',
  'flaml.model:LGBMEstimator': 'size',
  'flaml.model:LRL1Classifier': 'size',
  'flaml.model:RandomForestEstimator': 'size',
  'flaml.model:XGBoostSklearnEstimator': 'size',
  'flaml.automl.state:AutoMLState': '_compute_with_config_base',
  'flaml.automl:AutoMLState': '_compute_with_config_base',
  're:_compile': 'findall finditer fullmatch match search split sub',
  'lifelines.fitters.breslow_fleming_harrington_fitter:BreslowFlemingHarringtonFitter': 'plot',
  'lifelines.fitters.coxph_fitter:ParametricSplinePHFitter':
    '_add_penalty _create_neg_likelihood_with_penalty_function _log_likelihood_right_censoring',
  'lifelines.fitters.log_logistic_aft_fitter:LogLogisticAFTFitter':
    '_add_penalty _create_neg_likelihood_with_penalty_function _log_likelihood_right_censoring',
  'lifelines.fitters.log_normal_aft_fitter:LogNormalAFTFitter':
    '_add_penalty _create_neg_likelihood_with_penalty_function _log_likelihood_right_censoring',
  'lifelines.fitters.nelson_aalen_fitter:NelsonAalenFitter':
    '_additive_f_smooth _additive_f_discrete _variance_f_smooth _variance_f_discrete plot',
  'lifelines.fitters.weibull_aft_fitter:WeibullAFTFitter':
    '_add_penalty _create_neg_likelihood_with_penalty_function _log_likelihood_right_censoring',
  'linearmodels.panel.covariance:HomoskedasticCovariance': 'deferred_cov',
  'nltk.stem.snowball:EnglishStemmer': 'stem',
  'nltk.stem.snowball:GermanStemmer': 'stem',
  'nltk.stem.porter:PorterStemmer': 'stem',
  'nltk.tokenize.casual:TweetTokenizer': 'tokenize',
  'nltk.tokenize.destructive:NLTKWordTokenizer': 'tokenize',
  'nltk.tokenize.regexp:RegexpTokenizer': 'tokenize',
  'nltk.tokenize.regexp:WhitespaceTokenizer': 'tokenize',
  'nltk.tokenize.regexp:WordPunctTokenizer': 'tokenize',
  'nltk.tokenize.treebank:TreebankWordTokenizer': 'tokenize',
  'sklearn.linear_model._logistic:LogisticRegression': 'predict predict_proba decision_function',
  'statsmodels.discrete.count_model:ZeroInflatedPoisson': '_hessian_logit _hessian_probit',
  'statsmodels.nonparametric.kernel_regression:KernelReg': '_est_loc_constant _est_loc_linear',
  'statsmodels.tsa.exponential_smoothing.ets:ETSModel': 'loglike',
};

const names: ReadonlySet<string> = new Set(
  Object.entries(KEPT).flatMap(([owner, methods]) => methods.split(' ').map((method) => `${owner}.${method}`)),
);

export function isKeptMethod(owner: { readonly module: string; readonly name: string }, method: string): boolean {
  return names.has(`${owner.module}:${owner.name}.${method}`);
}
